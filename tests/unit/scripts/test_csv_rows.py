"""CSV as spreadsheet programs write it."""

from pathlib import Path

import pytest

from scripts.csv_rows import read_csv
from scripts.spelling import SpellingError


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"at,rows\n1,2\n", [(2, {"at": "1", "rows": "2"})]),
        (b"\xef\xbb\xbfat;rows\r\n1; 2,5 \r\n", [(2, {"at": "1", "rows": "2,5"})]),
        (b"at\trows\t\n\n1\t2\t\n", [(3, {"at": "1", "rows": "2"})]),
        (b'at,rows\n"two\nlines",2\n', [(3, {"at": "two\nlines", "rows": "2"})]),
        ("部门,rows\n卫生,\n".encode(), [(2, {"部门": "卫生", "rows": ""})]),
        (b"at,rows\n1\n", [(2, {"at": "1"})]),
        (b"at,rows\n", []),
        (b"", []),
    ],
)
def test_rows_are_read(tmp_path: Path, data: bytes, rows: list[object]) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(data)
    assert read_csv(file)[1] == rows


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"at,rows\n1,2,3\n", "line 2: more cells than the header names"),
        ("at,rows\n部,1\n".encode("gbk"), "is not UTF-8"),
        (b"at,rows\n" + b"x" * 200_000 + b",1\n", "line 2: field larger than"),
    ],
)
def test_what_cannot_be_rows_is_told(tmp_path: Path, data: bytes, told: str) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(data)
    with pytest.raises(SpellingError, match=told):
        read_csv(file)

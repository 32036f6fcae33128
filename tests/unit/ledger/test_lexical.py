"""One spelling for numbers and bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import FormatError
from ledger.lexical import encode_base64, parse_base64, parse_decimal


@given(st.binary(max_size=100))
def test_base64_comes_back(data: bytes) -> None:
    assert parse_base64(encode_base64(data)) == data


@given(st.text(alphabet="AQg+/=-_ \n\u00e9", max_size=8))
def test_what_base64_accepts_it_would_write(text: str) -> None:
    try:
        data = parse_base64(text)
    except FormatError:
        return
    assert encode_base64(data) == text


@pytest.mark.parametrize("text", ["YQ", "YQ=", "YR==", "YQ==\n", " YQ==", "YQ==YQ==", "_-8=", "é"])
def test_loose_base64_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parse_base64(text)


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_decimals_come_back(number: int) -> None:
    assert parse_decimal(str(number), at_most=2**63 - 1) == number


@pytest.mark.parametrize(
    "text",
    ["", "00", "01", "+1", "-1", "1 ", " 1", "1\n", "1_0", "1e3", "0x1", "١", "²", "9" * 5000],
)
def test_loose_decimals_are_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parse_decimal(text, at_most=10**30)


def test_the_limit_is_inclusive() -> None:
    assert parse_decimal("10", at_most=10) == 10
    with pytest.raises(FormatError):
        parse_decimal("11", at_most=10)

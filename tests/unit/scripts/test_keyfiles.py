"""Key files on a real file system."""

import os
import stat
from pathlib import Path

import pytest

from ledger.errors import KeyFileError
from node.client.secret_files import SECRET_BYTES_MAX
from scripts.keys.files import read_secret, write_private_key

PEM = b"-----BEGIN PRIVATE KEY-----\n"


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "custodian.pem"
    before = os.umask(0)
    try:
        write_private_key(path, PEM)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_secret(path) == PEM


def test_a_strict_umask_does_not_lock_the_owner_out(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    before = os.umask(0o777)
    try:
        write_private_key(path, PEM)
    finally:
        os.umask(before)
    assert read_secret(path) == PEM


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_private_key(path, PEM)
    with pytest.raises(KeyFileError, match="never overwritten"):
        write_private_key(path, b"other")
    assert read_secret(path) == PEM


def test_a_link_is_not_followed_when_writing(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(KeyFileError, match="never overwritten"):
        write_private_key(link, PEM)
    assert not target.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601])
def test_a_file_others_can_use_is_refused_with_a_hint(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(PEM)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read_secret(path)
    path.chmod(0o400)
    assert read_secret(path) == PEM


def test_what_is_no_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be read"):
        read_secret(tmp_path / "missing")
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    with pytest.raises(KeyFileError):
        read_secret(folder)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(KeyFileError, match="not a file"):
        read_secret(pipe)
    with pytest.raises(KeyFileError, match="cannot be created"):
        write_private_key(tmp_path / "missing" / "key.pem", PEM)


def test_a_file_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_private_key(path, b"x" * (SECRET_BYTES_MAX + 1))
    with pytest.raises(KeyFileError, match="too large"):
        read_secret(path)


def test_a_failed_write_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "key.pem"
    monkeypatch.setattr("scripts.keys.files.os.fsync", fail)
    with pytest.raises(KeyFileError, match="No space left"):
        write_private_key(path, PEM)
    assert not path.exists()

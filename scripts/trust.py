"""Whom to believe: the tlog-policy file that `--policy` names."""

from pathlib import Path

from ledger.errors import FormatError
from ledger.policy import Policy
from ledger.policy_file import parse_policy


def read_policy(path: Path) -> Policy:
    """The policy in a file. Raises `FormatError`, naming the file, or `WeakKeyError`."""
    try:
        return parse_policy(path.read_bytes())
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error

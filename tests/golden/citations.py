"""Which tests cite which numbers of the rule book.

    python -m tests.golden.citations        prints them, as JSON: number → tests

A test cites with `@pytest.mark.rule("R401", "1203", "F8", "W201")`, a row of a table by its mark.
The tests are collected, not run, in a process of their own.
"""

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("tests/unit/contracts", "tests/property")


class Citations:
    """A pytest plugin that gathers what the collected tests cite."""

    def __init__(self) -> None:
        self.tests: dict[str, list[str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Called by pytest with every test."""
        for item in items:
            for mark in item.iter_markers("rule"):
                for number in mark.args:
                    self.tests.setdefault(number, []).append(item.nodeid)


def citations() -> dict[str, list[str]]:
    """The tests that cite each number."""
    command = [sys.executable, "-m", "tests.golden.citations"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def main() -> int:
    """Print what is cited."""
    gathered = Citations()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *FOLDERS], [gathered])
    if code == pytest.ExitCode.OK:
        sys.stdout.write(json.dumps(gathered.tests))
    else:
        sys.stderr.write(said.getvalue())
    return code


if __name__ == "__main__":
    sys.exit(main())

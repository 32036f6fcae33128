"""What the command says, word for word: every help page, and what it tells whoever errs.

    python -m tests.golden.cli             says whether `cli.txt` is up to date
    python -m tests.golden.cli --write     brings it up to date

Read the difference before you write it: it is what users will see.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any, Final

import typer
from typer.testing import CliRunner

from scripts.main import app

TRANSCRIPT: Final = Path(__file__).with_name("cli.txt")
_WIDTH: Final = "100"
_ERRORS: Final = (
    "",
    "kyes",
    "keys nwe",
    "keys new",
    "keys new a",
    "keys new a --no-passphrase --suite rsa",
    "keys show missing.pub",
    "keys show text.pub",
    "genesis show text.pub",
    "genesis new text.pub --out genesis.json",
    "node run",
    "catalogue scan .",
    "catalogue scan . --out catalogue.csv",
    "catalogue scan text.pub --out catalogue.csv",
    "catalogue scan nosql://x --out catalogue.csv",
    "catalogue publish text.pub",
    "record request flights",
    "record request flights --scene s",
    "record request flights --scene s --writer health/main",
    "record use text.pub",
    "record submit gift text.pub",
    "case step approve",
)
"""Lines in a folder with nothing but `text.pub`, in which there is text."""


def transcript() -> str:
    """All of it."""
    lines = [*_help_lines(typer.main.get_command(app), ()), *_ERRORS]
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("text.pub").write_text("text\n", encoding="utf-8")
        return "\n".join(_session(line) for line in lines)


def _help_lines(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    yield " ".join((*path, "--help"))
    for name, inner in getattr(command, "commands", {}).items():
        yield from _help_lines(inner, (*path, name))


def _session(line: str) -> str:
    own = {name: None for name in os.environ if name.startswith("BLOCKPOOL_")}
    runner = CliRunner(env={**own, "COLUMNS": _WIDTH})
    result = runner.invoke(app, line.split(), prog_name="blockpool")
    said = "\n".join(part.rstrip() for part in result.output.strip("\n").split("\n"))
    return f"$ blockpool {line}".rstrip() + f"\n{said}\n[exit code {result.exit_code}]\n"


def main() -> int:
    """Compare, or write."""
    text = transcript()
    if "--write" in sys.argv[1:]:
        TRANSCRIPT.write_text(text, encoding="utf-8")
        return 0
    same = text == TRANSCRIPT.read_text(encoding="utf-8")
    sys.stdout.write("" if same else "run: python -m tests.golden.cli --write\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())

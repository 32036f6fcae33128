"""Help pages and error texts are those of the golden transcript; every command shows an example."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from scripts.main import app
from tests.golden.cli import TRANSCRIPT, transcript


def test_the_command_says_what_the_transcript_says() -> None:
    expected = TRANSCRIPT.read_text(encoding="utf-8")
    assert transcript() == expected, "read the difference; python -m tests.golden.cli --write"


def lines_of(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """What one types for each command that does something, groups in groups included."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path)
        return
    for name, one in inner.items():
        yield from lines_of(one, (*path, name))


@pytest.mark.parametrize("line", [*lines_of(typer.main.get_command(app))])
def test_every_command_shows_an_example_of_itself(line: str) -> None:
    result = CliRunner().invoke(app, [*line.split(), "--help"])
    plain = re.sub(r"\s+", " ", result.output)
    assert f"blockpool {line}" in plain.partition("Example")[2]

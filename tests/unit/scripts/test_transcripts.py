"""Help pages and error texts are those of the golden transcript; every command shows an example."""

import re

import pytest
import typer
from typer.testing import CliRunner

from scripts.main import app
from tests.golden.cli import TRANSCRIPT, transcript


def test_the_command_says_what_the_transcript_says() -> None:
    expected = TRANSCRIPT.read_text(encoding="utf-8")
    assert transcript() == expected, "read the difference; python -m tests.golden.cli --write"


def commands() -> list[str]:
    groups = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return [
        line
        for name, one in groups.items()
        for line in ([f"{name} {inner}" for inner in getattr(one, "commands", ())] or [name])
    ]


@pytest.mark.parametrize("line", commands())
def test_every_command_shows_an_example_of_itself(line: str) -> None:
    result = CliRunner().invoke(app, [*line.split(), "--help"])
    plain = re.sub(r"\s+", " ", result.output)
    assert f"blockpool {line}" in plain.partition("Example")[2]

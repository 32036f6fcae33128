"""Whether the words of a `blockpool` line are words that the command knows."""

from functools import cache
from typing import Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

_built: Final = cache(get_command)


def unknown_word(words: list[str], app: typer.Typer) -> str | None:
    """The first word of a `blockpool` line that the command does not know."""
    command = _built(app)
    known = {"--help"}
    for word in words[1:]:
        if isinstance(command, TyperGroup) and not word.startswith("-"):
            if word not in command.commands:
                return word
            command = command.commands[word]
        known |= {option for param in command.params for option in param.opts}
        known |= {option for param in command.params for option in param.secondary_opts}
        option = word.partition("=")[0]
        if option.startswith("-") and option not in known:
            return option
    return None

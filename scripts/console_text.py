r"""What the command says, and where.

    stdout   the result: a line, a table, or with `--json` one JSON document
    stderr   everything else: `error:` and `hint:` lines, remarks, progress bars

so that a script may read the one and a person sees both. Exit codes: 0 done; 1 refused, failed or
in doubt; 2 the command line itself was wrong. Text that came from elsewhere is printed as it is:
markup in it means nothing.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, Final, Never, Protocol

import typer
from msgspec import json as msgspec_json
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2

_WIDTH_PIPED: Final = 50_000
"""Room for a line that goes into a file or a pipe: it is one, so that ids can be searched for."""
_ERROR: Final = "bold red"
_HINT: Final = "cyan"


_UNSHOWN: Final = dict.fromkeys(
    (
        *(code for code in range(0x20) if chr(code) not in "\n\t"),
        *range(0x7F, 0xA0),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    ),
    "\ufffd",
)
"""Control characters, and those that change the direction of text."""


class Advance(Protocol):
    """Moves a progress bar on."""

    def __call__(self, steps: int = 1) -> None:
        """Count `steps` more as done."""


class CommandTree(TyperGroup):
    """The root of the commands: says what is wrong with a command line as `error:` and `hint:`."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command line and exit with its code."""
        if isinstance(sys.stdout, TextIOWrapper):  # text a terminal cannot show must not end us
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except typer.TyperException as error:
            if error.format_message().strip():  # a group alone has printed its help
                _print_error(error.format_message(), _usage_hint(error))
            code = error.exit_code
        except typer.Abort:
            _print_error("stopped", None)
            code = FAILED
        sys.exit(code if isinstance(code, int) else OK)


def fail(message: str, hint: str | None = None, code: int = FAILED) -> Never:
    """Say what went wrong and what to do about it; end with `code`."""
    _print_error(message, hint)
    raise typer.Exit(code)


def warn(message: str, hint: str | None = None) -> None:
    """Say what is wrong, and go on."""
    _print_error(message, hint, label="warning")


def info(message: str) -> None:
    """A remark beside the result."""
    _console(stderr=True).print(_text(message), soft_wrap=True)


def success(message: str) -> None:
    """The result, in one line."""
    _console().print(_text(message), soft_wrap=True)


def heading(text: str) -> None:
    """The title of what follows, after an empty line."""
    _console().print(Text(f"\n{text}", style="bold"), soft_wrap=True)


def print_json(value: object) -> None:
    """The result as one JSON document. `value` may hold whatever msgspec encodes."""
    encoded = msgspec_json.encode(value, order="deterministic")
    sys.stdout.write(msgspec_json.format(encoded, indent=2).decode() + "\n")


def print_fields(pairs: Iterable[tuple[str, object]]) -> None:
    """The result as names and values, one pair a line; what is None is left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for name, value in pairs:
        if value is not None:
            grid.add_row(_text(name), _text(value))
    _console().print(grid)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """The result as a table, empty cells where a value is None."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(_text("" if cell is None else cell) for cell in row))
    _console().print(table)


def counted(count: int, noun: str) -> str:
    """A number of things, in words.

    >>> counted(1, "use"), counted(1_200, "use")
    ('1 use', '1,200 uses')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Advance]:
    """A progress bar for as long as the block runs; yields what moves it on. Silent in a pipe."""
    console = _console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=total)

        def advance(steps: int = 1) -> None:
            bar.advance(task, steps)

        yield advance


def ask_secret(what: str, *, hint: str, twice: bool = False) -> str:
    """A secret from the terminal, not shown. Fails with `hint` where nobody can be asked."""
    if not sys.stdin.isatty():
        fail(f"{what} is needed, and there is no terminal to ask at", hint=hint)
    answer: str = typer.prompt(what, hide_input=True, confirmation_prompt=twice, err=True)
    return answer


def _console(*, stderr: bool = False) -> Console:
    """Made for each use: tests and pipes put other files in the place of stdout."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        width=None if stream.isatty() else _WIDTH_PIPED,
    )


def _text(value: object) -> Text:
    return Text(str(value).translate(_UNSHOWN))


def _print_error(message: str, hint: str | None, label: str = "error") -> None:
    console = _console(stderr=True)
    console.print(Text.assemble((f"{label}: ", _ERROR), _text(message)), soft_wrap=True)
    if hint is not None:
        console.print(Text.assemble(("hint: ", _HINT), _text(hint)), soft_wrap=True)


def _usage_hint(error: typer.TyperException) -> str | None:
    context: typer.Context | None = getattr(error, "ctx", None)
    return None if context is None else f"see {context.command_path} --help"

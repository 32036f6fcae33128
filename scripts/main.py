"""The `blockpool` command: its groups, and how its errors are told."""

from typing import Annotated, Any

import typer

from scripts import demo, node
from scripts.assess import command as assess
from scripts.audit import command as audit
from scripts.audit import questions
from scripts.case import command as case
from scripts.catalogue import command as catalogue
from scripts.console_text import CommandTree, fail, success
from scripts.error_text import EXPLAINED, explain
from scripts.explain.command import explain as explain_command
from scripts.genesis import command as genesis
from scripts.govern import command as govern
from scripts.keys import command as keys
from scripts.keys import mandate, registration
from scripts.record import command as record
from scripts.todo.command import todo


class Blockpool(CommandTree):
    """The root: an error that is an answer is told in a line, and ends the command with 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except EXPLAINED as error:
            if isinstance(error, BrokenPipeError):  # whoever read our output has seen enough
                raise
            fail(*explain(error))


app = typer.Typer(
    cls=Blockpool,
    name="blockpool",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help=(
        "Records who shares which data with whom, for what, and who used it; provably.\n\n"
        "Exit codes: 0 done, 1 refused, failed or in doubt, 2 wrong command line."
    ),
    epilog="Start with `blockpool keys new --help`; the whole story in one run: `blockpool demo`.",
)
keys.app.add_typer(mandate.app)
keys.app.add_typer(registration.app)
app.add_typer(keys.app, name="keys")
app.add_typer(genesis.app, name="genesis")
app.add_typer(node.app, name="node")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(record.app, name="record")
app.add_typer(case.app, name="case")
app.add_typer(govern.app, name="govern")
app.add_typer(assess.app, name="assess")
audit.app.add_typer(questions.app)
app.add_typer(audit.app, name="audit")
app.command("todo")(todo)
app.command("explain")(explain_command)
app.command("demo")(demo.demo)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415  slow, and seldom asked for

        success(f"blockpool {version('blockpool')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Options before the group."""

"""`blockpool catalogue lineage DATASET`: what it is made of, and what is made from it."""

from typing import Annotated
from urllib.parse import quote

import typer
from msgspec import Struct, convert

from scripts.console_text import heading, info, print_json, print_table, warn
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record.listing import AsAtOption, as_at_of

app = typer.Typer()


class Edge(Struct):
    """`dataset` is made from `source`, by a right or as the release of a version says."""

    dataset: str
    source: str
    level: int
    grant: str | None
    version: int | None

    @property
    def why(self) -> str:
        """On what it rests."""
        return f"the right {self.grant}" if self.grant else f"the release of version {self.version}"


class Lineage(Struct):
    """Both directions, level by level."""

    up: list[Edge]
    down: list[Edge]
    whole: bool


@app.command("lineage")
@with_options
def lineage(
    dataset: Annotated[str, typer.Argument(help="Id of the dataset.")],
    *,
    as_at: AsAtOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Show what a dataset is made of, and what is made from it, by which rights.

    Rights count as long as the entry that names them is in force, what releases say for good.

    Example: `blockpool catalogue lineage delays-by-weather`
    """
    with at.client() as client:
        path = f"/v1/datasets/{quote(dataset, safe='')}/lineage"
        told = client.get(path, at=as_at_of(client, as_at))
    if as_json:
        print_json({name: told[name] for name in ("dataset", "up", "down", "whole")})
        return
    found = convert(told, Lineage)
    for title, edges in (("made of", found.up), ("made into", found.down)):
        heading(f"{dataset} is {title}" + ("" if edges else " nothing else"))
        if edges:
            rows = ((one.level, one.dataset, one.source, one.why) for one in edges)
            print_table(("step", "dataset", "made from", "by"), rows)
    if not found.whole:
        warn("there is more than is told", "ask for the lineage of the last ones")
    info("on what a right rests: blockpool record chain GRANT")

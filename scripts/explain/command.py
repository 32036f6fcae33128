"""`blockpool explain`: a record, a case or a code of the rules, in plain words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from node.client.log_source import FolderLog, LogSource
from scripts.audit.log_audit import open_log, utc_offset_minutes_of
from scripts.console_text import fail, heading, info, print_json, success
from scripts.explain.cases import Section, case_explained
from scripts.explain.codes import code_explained
from scripts.explain.language import Language
from scripts.explain.languages import LANGUAGES, LanguageOption
from scripts.explain.names import with_names
from scripts.explain.records import record_explained
from scripts.explain.replayed import Past, ReplayedSource
from scripts.explain.sources import NodeSource, Source
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record.listing import AsAtOption, as_at_of
from scripts.record.showing import place_of
from scripts.short_ids import full_digest, full_id, is_short
from scripts.zone import Zone

_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CASE: Final = re.compile(r"[0-9a-f]{64}-[a-z0-9-]{1,80}", re.ASCII)
_INDEX_DIGITS_MAX: Final = 16


@with_options
def explain(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="Index or digest of a record, id of a case, code or number of the rules, a "
            "ground such as not-necessary.",
        ),
    ],
    *,
    lang: LanguageOption = "en",
    all_rules: Annotated[
        bool,
        typer.Option("--all-rules", help="Every rule that was asked, not only the kind's own."),
    ] = False,
    as_at: AsAtOption = None,
    log: Annotated[
        Path | None,
        typer.Option(
            help="Exported log to read instead of a node; it is replayed.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Tell in plain words what a record says and what came of it, or what a code means.

    What it says, who was entitled to say it, by which rules it was accepted, what it changed, and
    what is wrong with it.

    Example: `blockpool explain 17 --lang zh`
    """
    language = LANGUAGES[lang]
    if log is None and not _is_place(ref):
        ref = _whole(ref, at)
    if _is_place(ref):
        wanted = place_of(ref)
        with _source(wanted, log, at, as_at) as source:
            told = with_names(language, source)
            sections = _explained(source, wanted, told, all_rules=all_rules)
            kind = "source-node" if log is None else "source-log"
            where = language.phrase(kind, where=source.name)
    else:
        sections, where = code_explained(ref, language), ""
    if sections is None:
        fail(f"nothing to explain by the name {ref}", hint="see: blockpool record show, case list")
    if as_json:
        print_json([{"heading": one.heading, "lines": one.lines} for one in sections])
        return
    _print(sections)
    if where:
        info(f"\n{where}")


def _is_place(ref: str) -> bool:
    """Whether this names something in a log: reasons are numbered too, but `F31` is a code."""
    is_index = ref.isascii() and ref.isdecimal() and len(ref) <= _INDEX_DIGITS_MAX
    return is_index or bool(_DIGEST.fullmatch(ref) or _CASE.fullmatch(ref))


def _whole(ref: str, at: Reading) -> str:
    """The whole id or digest of which the beginning was typed; any other word as it is."""
    if not is_short(ref):
        return ref
    with at.client() as client:
        return full_id(client, "case", ref) if "-" in ref else full_digest(client, ref)


def _explained(
    source: Source, ref: int | str, language: Language, *, all_rules: bool
) -> list[Section] | None:
    if isinstance(ref, str) and _CASE.fullmatch(ref):
        return case_explained(source, ref, language)
    told = source.leaf(ref)
    if told is None:
        return None
    return record_explained(source, told, language, all_rules=all_rules)


@contextmanager
def _source(
    wanted: int | str, log: Path | None, at: Reading, as_at: str | None
) -> Iterator[Source]:
    if log is not None:
        source = FolderLog(log)
        yield ReplayedSource(source, str(log), wanted, _past(source, as_at))
        return
    with at.client() as client:
        yield NodeSource(client, at.node, as_at_of(client, as_at))


def _past(source: LogSource, as_at: str | None) -> Past | None:
    """The end of a question about a log: a day, or a time without a zone, is of its calendar."""
    if as_at is None or as_at.isdecimal():
        return None if as_at is None else Past(as_at)
    zone = Zone(utc_offset_minutes_of(open_log(source, None)), info)
    return Past(zone.end(as_at))


def _print(sections: list[Section]) -> None:
    for section in sections:
        heading(section.heading)
        for line in section.lines:
            success(f"  {line}")

"""`blockpool audit questions`: what auditors ask on the first day, answered from the log."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Final

import typer

from contracts.audit.questions import Questions, Told
from ledger.types import Time
from scripts.audit.command import Access, LogArgument, end_on_doubts
from scripts.audit.log_audit import audit, utc_offset_minutes_of
from scripts.console_text import heading, info, print_json, print_table, progress
from scripts.explain.language import Language, word
from scripts.explain.languages import LANGUAGES, LanguageOption
from scripts.options import JsonFlag, with_options
from scripts.spelling import SpellingError
from scripts.zone import Zone

app = typer.Typer()

_NEVER: Final[Time] = "9999-12-31T23:59:59.999Z"
_FOUNDED: Final[Time] = "1970-01-01T00:00:00.000Z"
ASKED: Final = {
    "standing": "how much there was",
    "unlinked": "systems without an entry, and entries whose system nobody has registered",
    "refusals": "refusals by ground",
    "unused": "granted and not used",
    "problems": "problems and what became of them",
    "incidents": "incidents by stage",
    "approvals": "who approved what is in force",
}
"""The questions, and how the answers are headed."""
Rows = Iterable[Sequence[object]]


@app.command("questions")
@with_options
def ask(
    log: LogArgument,
    access: Access,
    *,
    only: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(ASKED)}; else all of them.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="Problems, refusals and incidents from this day on, and rights in force since "
            "then, as 2026-01-01."
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="Everything as at the end of this day, as 2026-12-31."),
    ] = None,
    lang: LanguageOption = "en",
    as_json: JsonFlag = False,
) -> None:
    """Answer the first questions of an audit from the leaves of a log, which is audited first.

    Which systems have no entry; what was refused on which ground; what was granted and never used;
    what was found, and put right; what happened at which stage; who approved. Nobody is believed:
    each answer names its records.

    Example: `blockpool audit questions export --since 2026-01-01 --until 2026-12-31`
    """
    if only is not None and only not in ASKED:
        raise SpellingError(f"`{only}` is none of {', '.join(ASKED)}", "only")
    with access.open(log) as opened, progress("auditing", opened.checkpoint.size) as advance:
        zone = Zone(utc_offset_minutes_of(opened), info)
        questions = Questions(
            since=_FOUNDED if since is None else zone.start(since),
            until=_NEVER if until is None else zone.over(until),
        )
        report = audit(opened, "rules", access.jobs, advance, questions.take)
    end_on_doubts(report)
    asked = [name for name in ASKED if only in {None, name}]
    if as_json:
        print_json({name: getattr(questions, name)() for name in asked})
        return
    language = LANGUAGES[lang]
    for name in asked:
        heading(*language.titles(ASKED[name]))
        columns, rows = _TABLES[name](questions, language)
        some = list(rows)
        if some:
            print_table(language.titles(*columns), some)
        else:
            info(*language.titles("none"))


def _standing(questions: Questions, language: Language) -> tuple[Sequence[str], Rows]:
    told = questions.standing().items()
    return ("what", "how many"), ((_counted(name, language), count) for name, count in told)


def _unlinked(questions: Questions, language: Language) -> tuple[Sequence[str], Rows]:
    (nowhere,) = language.titles("not registered")
    rows = (
        (
            one.system,
            nowhere if one.status == "not registered" else word(language.manners, one.status),
            ", ".join(one.datasets),
        )
        for one in questions.unlinked()
    )
    return ("system", "status", "entries that name it"), rows


def _refusals(questions: Questions, language: Language) -> tuple[Sequence[str], Rows]:
    found = questions.refusals()
    counts = Counter(one.ground for one in found)
    rows = (
        (
            f"{language.typed(language.grounds, one.ground)} ({counts[one.ground]})",
            one.dataset,
            one.consumer,
            *_told(one.told),
        )
        for one in found
    )
    return ("ground", "dataset", "asked by", "refused by", "at", "record"), rows


def _unused(questions: Questions, language: Language) -> tuple[Sequence[str], Rows]:
    rows = (
        (
            one.grant,
            one.dataset,
            one.consumer,
            one.in_force_since,
            language.typed(language.states, one.state, "grant"),
        )
        for one in questions.unused()
    )
    return ("grant", "dataset", "consumer", "in force since", "state"), rows


def _problems(questions: Questions, language: Language) -> tuple[Sequence[str], Rows]:
    rows = (
        (
            one.code if language.code == "en" else f"{language.findings[one.code][0]} {one.code}",
            ", ".join(one.accused),
            one.opened_at,
            language.typed(language.states, one.state, "finding"),
            "; ".join(f"{_step(step.step or '', language)} {step.index}" for step in one.steps),
            ", ".join(language.typed(language.states, state) for _, state in one.orders),
            one.case,
        )
        for one in questions.problems()
    )
    return ("problem", "accused", "found", "state", "steps, records", "ordered", "case"), rows


def _incidents(questions: Questions, language: Language) -> tuple[Sequence[str], Rows]:
    rows = (
        (
            word(language.manners, one.stage),
            word(language.manners, one.category),
            one.where,
            ", ".join(one.datasets),
            one.people,
            language.typed(language.states, one.state, "incident"),
            *_told(one.told),
        )
        for one in questions.incidents()
    )
    names = ("stage", "what", "where", "datasets", "people", "state", "told by", "at", "record")
    return names, rows


def _approvals(questions: Questions, language: Language) -> tuple[Sequence[str], Rows]:
    rows = (
        (
            one.dataset,
            *language.titles("entry" if len(one.what) == 64 else "right"),
            *_told(one.told),
            one.what,
            one.standing,
        )
        for one in questions.approvals()
    )
    return ("dataset", "what", "approved by", "at", "record", "id", "by standing grant"), rows


def _counted(name: str, language: Language) -> str:
    """What is counted, of cases by workflow."""
    what, colon, kind = name.partition(": ")
    (told,) = language.titles(what)
    if not colon:
        return told
    words = language.workflows if what == "open cases" else language.states
    return f"{told}: {kind if language.code == 'en' else word(words, kind)}"


def _step(step: str, language: Language) -> str:
    return language.typed(language.steps, step, "finding")


def _told(told: Told) -> tuple[str, Time, int]:
    return told.writer, told.time, told.index


_TABLES: Final[dict[str, Callable[[Questions, Language], tuple[Sequence[str], Rows]]]] = {
    "standing": _standing,
    "unlinked": _unlinked,
    "refusals": _refusals,
    "unused": _unused,
    "problems": _problems,
    "incidents": _incidents,
    "approvals": _approvals,
}

"""Figures as tables, in English or Chinese. Basis points are shown as percentages."""

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.assessment.figures import Taken
from contracts.assessment.reports import Assessment, Counted, Figure, Status
from contracts.assessment.things import Thing
from contracts.assessment.trust import Evidence, Trust
from ledger.records.assessment import BasisPoints, Indicator, Lateness
from ledger.records.names import Names
from ledger.types import MemberId
from scripts.console_text import heading, info, print_fields, print_table, success
from scripts.explain.chinese import CHINESE
from scripts.explain.language import Language, in_course

_STATUS: Final[Mapping[Status, str]] = {
    "final": "assess-final",
    "provisional": "assess-provisional",
    "running": "assess-running",
}
_LATENESS: Final[Mapping[Lateness, str]] = {
    "in-time": "assess-in-time",
    "late": "assess-late",
    "none": "assess-none",
    "pending": "assess-pending",
    "suspected": "assess-suspected",
}
_MARKS: Final = {
    "backflow": "assess-backflow",
    "catalogued": "assess-catalogued",
    "registered": "assess-registered",
    "released": "assess-released",
    "used": "assess-used",
}


def percent(points: BasisPoints | None) -> str | None:
    """Basis points as people read them.

    >>> percent(6_666), percent(5), percent(10_000), percent(None)
    ('66.66 %', '0.05 %', '100.00 %', None)
    """
    return None if points is None else f"{points // 100}.{points % 100:02d} %"


def print_assessments(found: Sequence[Assessment], language: Language) -> None:
    """Each member that has something to be assessed by; the others in a line."""
    if found and not any(one.figures for one in found):
        success(language.phrase("assess-none-over", period=found[0].period))
        return
    told = [one for one in found if any(_has_things(figure) for figure in one.figures)]
    for one in told:
        score = percent(one.score) or language.phrases["assess-no-score"]
        heading(language.phrase("assess-member", member=one.member, period=one.period, score=score))
        columns = (
            "assess-indicator", "assess-counted", "assess-of", "assess-open", "assess-value",
            "assess-weight", "assess-status", "assess-objections",
        )  # fmt: skip
        head = [language.phrases[name] for name in columns]
        print_table(head, [_row(figure, language) for figure in one.figures])
    if any(figure.open for one in told for figure in one.figures):
        info(language.phrases["assess-left-out"])
    others = [one.member for one in found if one not in told]
    if others:
        members = language.phrases["comma"].join(others)
        success(language.phrase("assess-nothing", members=members))
    if found and found[0].final_at is not None:
        info(language.phrase("assess-final-at", time=found[0].final_at))


def print_figure(
    member: MemberId, period: str, figure: Figure, things: Sequence[Counted], language: Language
) -> None:
    """One figure, and everything it counts."""
    taken, phrases = figure.taken, language.phrases
    print_fields(
        (
            (phrases["assess-indicator"], _name(figure.indicator.names, language)),
            (phrases["assess-of-member"], f"{member}, {period}"),
            (phrases["assess-value"], _value(taken) or phrases["assess-no-score"]),
            (phrases["assess-counted"], f"{taken.counted} / {taken.of}"),
            (phrases["assess-open"], figure.open),
            (phrases["assess-status"], phrases[_STATUS[figure.status]]),
        )
    )
    for one in figure.objections:
        state = in_course(language.states, "figure-objection", one.state)
        success(language.phrase("assess-objection", case=one.case, state=state))
    success("")
    columns = ("assess-thing", "assess-state", "assess-lateness", "assess-marks", "assess-counts")
    rows = [_thing(one, language, is_share=taken.is_share) for one in things]
    print_table([phrases[name] for name in columns], rows)
    info(phrases["assess-look"])


def print_trust(found: Sequence[tuple[MemberId, Trust]], language: Language) -> None:
    """The indexes of members."""
    columns = (
        "assess-who", "assess-trust", "assess-uncertainty", "assess-positive", "assess-negative",
    )  # fmt: skip
    print_table(
        [language.phrases[name] for name in columns],
        [(member, *_trust(index)) for member, index in found],
    )


def print_evidence(
    member: MemberId, index: Trust, found: Sequence[Evidence], language: Language
) -> None:
    """What an index rests on, quarter by quarter."""
    print_trust([(member, index)], language)
    success("")
    columns = ("assess-quarter", "assess-weight", "assess-positive", "assess-negative")
    told = [one for one in found if one.positive or one.negative]
    print_table(
        [language.phrases[name] for name in columns],
        [
            (one.period, percent(one.weight), len(one.positive), _listed(one.negative))
            for one in told
        ],
    )


def print_indicators(found: Sequence[Indicator], language: Language) -> None:
    """The indicators adopted."""
    if not found:
        success(language.phrases["assess-no-indicators"])
        return
    columns = ("assess-code", "assess-indicator", "assess-period", "assess-weight", "assess-each")
    print_table(
        [language.phrases[name] for name in columns],
        [
            (one.id, _name(one.names, language), one.period, percent(one.weight), percent(one.each))
            for one in found
        ],
    )


def _has_things(figure: Figure) -> bool:
    return bool(figure.taken.of or figure.open)


def _row(figure: Figure, language: Language) -> tuple[object, ...]:
    taken = figure.taken
    code = figure.indicator.id
    return (
        code if language is not CHINESE else f"{_name(figure.indicator.names, language)} {code}",
        taken.counted,
        taken.of,
        figure.open or None,
        _value(taken),
        percent(taken.weight),
        language.phrases[_STATUS[figure.status]],
        len(figure.objections) or None,
    )


def _value(taken: Taken) -> str | None:
    """What a figure came to; a deduction is below nothing."""
    value = percent(taken.value)
    return f"-{value}" if taken.value and not taken.is_share else value


def _thing(one: Counted, language: Language, *, is_share: bool) -> tuple[object, ...]:
    thing = one.thing
    state = in_course(language.states, thing.workflow or "", thing.state)
    return (
        thing.key,
        state if thing.code is None else f"{thing.code}: {state}",
        language.phrases[_LATENESS[thing.lateness]] if thing.sort == "case" else None,
        language.phrases["comma"].join(language.phrases[_MARKS[one]] for one in thing.marks),
        language.phrases[_counts(one, is_share=is_share)],
    )


def _counts(one: Counted, *, is_share: bool) -> str:
    if one.open:
        return "assess-open-yet"
    if one.excluded:
        return "assess-excluded"
    if not one.counts:
        return "assess-no"
    return "assess-yes" if is_share else "assess-deducted"


def _trust(index: Trust) -> tuple[object, ...]:
    positive, negative = (
        f"{n // 10_000}.{n % 10_000:04d}" for n in (index.positive, index.negative)
    )
    return percent(index.trust), percent(index.uncertainty), positive, negative


def _listed(things: Sequence[Thing]) -> str | None:
    return ", ".join(one.code or one.key for one in things) or None


def _name(names: Names, language: Language) -> str:
    first, other = (names.zh, names.en) if language is CHINESE else (names.en, names.zh)
    return first or other or ""

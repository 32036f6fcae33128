"""Whatever the rules name has words in English and in Chinese; both languages say the same.

When this fails, something new has no words yet: add them to `scripts/explain/chinese*.py` and, for
kinds of record and what lies in the state, to `scripts/explain/english.py`.
"""

import ast
from collections.abc import Iterator
from inspect import getsource
from pathlib import Path
from string import Formatter
from typing import Final, get_args, get_type_hints

import pytest
from msgspec.structs import fields, replace

import ledger.records
import scripts
from contracts import values
from contracts.audit import questions
from contracts.findings import FINDINGS
from contracts.reasons import REASONS
from contracts.sharing.chains import StateName
from contracts.values import InformationSystem, Member
from contracts.view import MemoryState
from contracts.workflows import WORKFLOWS, Part
from ledger.records import KIND_OF_NAME, Disposal, Incident
from ledger.records.catalogue import BasisKind, Classification
from ledger.records.genesis import Role
from ledger.records.governance import Action, Matter
from ledger.records.keys import Family
from ledger.records.sharing import Audience, EmergencyGround, NarrowingGround, RevocationGround
from ledger.records.terms import Masking, Onward, Operation, Storage, Terms
from node.views import duties
from scripts.case.showing import OUTCOMES
from scripts.explain.chinese import CHINESE
from scripts.explain.english import ENGLISH
from scripts.explain.language import Language, Words
from scripts.explain.languages import LANGUAGES
from scripts.explain.said import said
from tests import bodies
from tests.examples import BODIES

LEVELS: Final = (
    get_type_hints(Classification)["level"],
    get_type_hints(Disposal)["way"],
    get_type_hints(Incident)["category"],
    get_type_hints(Incident)["stage"],
    get_type_hints(InformationSystem)["status"],
)
STEPS: Final = [row for flow in WORKFLOWS.values() for row in flow.steps]
NAMES: Final[dict[str, set[str]]] = {
    "acts": {
        "no",
        "yes",
        *(one.__struct_config__.tag for one in (*get_args(Action), *get_args(Matter))),
    },
    "families": {*get_args(Family)},
    "findings": {one.code for one in FINDINGS},
    "grounds": {
        *(ground for row in STEPS for ground in row.grounds),
        *get_args(EmergencyGround),
        *get_args(NarrowingGround),
        *get_args(RevocationGround),
    },
    "kinds": {*KIND_OF_NAME, "seal"},
    "manners": {
        *(
            word
            for words in (BasisKind, Masking, Onward, Operation, Storage, *LEVELS)
            for word in get_args(words)
        ),
        "all",
        "any",
    },
    "entitled": {*KIND_OF_NAME},
    "parts": {*get_args(Part), *get_args(Role)},
    "reasons": {one.code for one in REASONS},
    "states": {
        *(state.name for flow in WORKFLOWS.values() for state in flow.states),
        *get_args(StateName),
        *OUTCOMES,
        *get_args(get_type_hints(Member)["status"]),
    },
    "steps": {row.name for row in STEPS},
    "terms": {one.encode_name for one in fields(Terms)},
    "values": {*values._DECODERS},
    "workflows": {*WORKFLOWS},
}
"""By table, what the rules name."""
WRITTEN: Final = {
    node.value
    for path in Path(ledger.records.__path__[0]).glob("*.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
}
"""Words that members of records may have as values, and more."""
BY_NAME: Final = ("acts", "families", "grounds", "manners", "parts", "states", "steps", "terms")
"""What reads well enough in English as it is called."""


def lacking(language: Language) -> list[str]:
    tables = [one for one in NAMES if language is not ENGLISH or one not in BY_NAME]
    return sorted(
        f"{table}: {name}"
        for table in tables
        for name in NAMES[table] - getattr(language, table).keys()
    )


@pytest.mark.parametrize("code", LANGUAGES)
def test_everything_has_words(code: str) -> None:
    assert lacking(LANGUAGES[code]) == []


@pytest.mark.parametrize("table", sorted(NAMES))
def test_no_words_are_for_nothing(table: str) -> None:
    """What a table has beyond the names above are words that records are written in."""
    allowed = NAMES[table] | WRITTEN | {"record", "claimant"}
    for language in LANGUAGES.values():
        words = {name.rpartition("/")[2] for name in getattr(language, table)}
        assert words <= allowed, table


def test_what_becomes_of_duties_is_what_a_node_tells() -> None:
    assert duties.OUTCOMES == OUTCOMES


def places(text: str) -> set[str]:
    """The places to be filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("table", ["phrases", "said", "values"])
def test_both_languages_say_the_same(table: str) -> None:
    english: Words = getattr(ENGLISH, table)
    chinese: Words = getattr(CHINESE, table)
    assert english.keys() == chinese.keys()
    for name, text in english.items():
        assert places(chinese[name]) <= places(text), name
        assert places(text) - places(chinese[name]) <= {"time", "index"}, name


def test_chinese_is_chinese() -> None:
    for table in NAMES:
        for name, text in getattr(CHINESE, table).items():
            shown = text if isinstance(text, str) else "".join(text)
            assert any("\u4e00" <= one <= "\u9fff" for one in shown), (table, name)


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("code", LANGUAGES)
def test_every_kind_can_be_told(kind: str, code: str) -> None:
    """Each example has every member its kind can have."""
    lines = said(MemoryState(), BODIES[kind], "health", LANGUAGES[code])
    assert lines
    assert not [line for line in lines if "{" in line or not line.strip()]


AUDIENCE: Final = Audience(
    group="bureaus", levels=("city", "county"), own_territory=True, territories=("3301",)
)


@pytest.mark.parametrize(
    ("code", "levels", "group"),
    [("en", "the levels city, county", "the group bureaus"), ("zh", "市级、县级", "分组 bureaus")],
)
def test_a_grant_says_for_whom_it_stands_and_why_it_came_first(
    code: str, levels: str, group: str
) -> None:
    standing = bodies.grant_item(standing=True, audience=AUDIENCE, newest=True)
    view = MemoryState()
    lines = said(view, bodies.grant(standing), "transport", LANGUAGES[code])
    assert len(lines) == 6
    assert any(levels in line for line in lines)
    assert any(group in line for line in lines)
    assert any("3301" in line for line in lines)
    early = bodies.grant_item("health", emergency="disaster")
    asked = replace(bodies.request_item(bodies.NOWHERE), emergency=f"{bodies.NOWHERE}-7")
    assert len(said(view, bodies.grant(early), "transport", LANGUAGES[code])) == 2
    assert "…-7" in said(view, bodies.request(asked), "health", LANGUAGES[code])[1]


def sources() -> Iterator[str]:
    """What the command is made of, but for the words themselves."""
    for path in Path(scripts.__path__[0]).rglob("*.py"):
        if not path.name.startswith(("chinese", "english")):
            yield path.read_text(encoding="utf-8")


def test_every_phrase_is_used() -> None:
    source = "\n".join(sources()).replace("'", '"')
    formed = {"todo-duty-may", "todo-duty-must"}
    assert [
        name for name in ENGLISH.phrases if f'"{name}"' not in source and name not in formed
    ] == []


def test_headings_stand_above_something() -> None:
    source = "\n".join((*sources(), getsource(questions)))
    assert [name for name in CHINESE.headings if f'"{name}"' not in source] == []


def test_grounds_are_explained() -> None:
    assert ENGLISH.ground_meanings.keys() == CHINESE.grounds.keys()

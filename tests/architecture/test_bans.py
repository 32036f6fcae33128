"""`ledger/` and `contracts/` keep the bans, and the checker that says so can see each of them."""

import ast
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.bans import Violation, violations
from tests.architecture.set_order import names_of_sets

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for package in ("contracts", "ledger")
    for path in sorted((ROOT / package).rglob("*.py"))
}

RANDOMNESS: Final = {
    "ledger/pkcs8.py": frozenset({"secrets"}),
    "ledger/sealed.py": frozenset({"secrets"}),
}
"""New keys and new salts are the only random things of the pure packages."""

DIGIT_PARSERS: Final = {
    "contracts/assessment/periods.py": frozenset({"_year_of"}),
    "ledger/lexical.py": frozenset({"parse_decimal"}),
    "ledger/tiles.py": frozenset({"parse_tile_path"}),
    "ledger/times.py": frozenset({"day_number", "to_ms"}),
}
"""The functions that may call `int(text)`: what they read has matched ASCII digits before."""


@pytest.fixture(scope="module")
def set_names() -> frozenset[str]:
    return names_of_sets(ast.parse(source) for source in SOURCES.values())


@pytest.mark.parametrize("path", SOURCES)
def test_the_bans_are_kept(path: str, set_names: frozenset[str]) -> None:
    found = violations(
        SOURCES[path],
        path.partition("/")[0],
        set_names=set_names,
        allowed_imports=RANDOMNESS.get(path, frozenset()),
        digit_parsers=DIGIT_PARSERS.get(path, frozenset()),
    )
    assert not found, "\n" + "\n".join(f"{path}:{line}: {ban}" for line, ban in found)


@pytest.mark.parametrize(
    ("path", "function"),
    [(path, name) for path, names in DIGIT_PARSERS.items() for name in sorted(names)],
)
def test_each_exception_for_digits_is_still_needed(path: str, function: str) -> None:
    allowed = DIGIT_PARSERS[path]
    package = path.partition("/")[0]
    without = violations(SOURCES[path], package, digit_parsers=allowed - {function})
    assert len(without) > len(violations(SOURCES[path], package, digit_parsers=allowed))


@pytest.mark.parametrize("path", RANDOMNESS)
def test_each_exception_for_randomness_is_still_needed(path: str) -> None:
    digits = DIGIT_PARSERS.get(path, frozenset())
    assert violations(SOURCES[path], path.partition("/")[0], digit_parsers=digits)


BAD: Final = [
    ("import", "import time"),
    ("import", "import datetime"),
    ("import", "from zoneinfo import ZoneInfo"),
    ("import", "import random"),
    ("import", "import secrets"),
    ("import", "import os.path"),
    ("import", "import io"),
    ("import", "from pathlib import Path"),
    ("import", "import logging"),
    ("import", "import asyncio"),
    ("import", "import socket"),
    ("import", "from decimal import Decimal"),
    ("import", "import unicodedata"),
    ("import", "import threading"),
    ("import", "def late():\n    import node.app"),
    ("import", "import msgspec, requests"),
    ("float", "x = 0.5"),
    ("float", "x = 2j"),
    ("float", "x = a / b"),
    ("float", "a /= b"),
    ("float", "x = float(a)"),
    ("float", "def f(x: float) -> None: ..."),
    ("process dependent", "x = hash(a)"),
    ("process dependent", "sorted(a, key=id)"),
    ("process dependent", "class A:\n    id: int = id(a)"),
    ("impure builtin", "print(a)"),
    ("impure builtin", "with open(a) as b: pass"),
    ("impure builtin", "x = eval(a)"),
    ("impure builtin", "exec(a)"),
    ("impure builtin", "x = __import__(a)"),
    ("global", "def f():\n    global x\n    x = 1"),
    ("assert", "assert a"),
    ("async", "async def f(): ..."),
    ("Any", "from typing import Any"),
    ("Any", "import typing\nx: typing.Any = 1"),
    ("object", "class A:\n    x: object"),
    ("object", "def f(x: list[object]) -> None: ..."),
    ("object", "def f(*x: object) -> None: ..."),
    ("object", "def f() -> object: ..."),
    ("unicode tables", "x = a.lower()"),
    ("unicode tables", "sorted(a, key=str.casefold)"),
    ("unicode tables", "x = a.isdigit()"),
    ("unicode tables", "x = a.strip()"),
    ("unicode tables", "x = a.split()"),
    ("unicode tables", "x = a.splitlines()"),
    ("int of text", "x = int(a)"),
    ("int of text", "x = int(a, 16)"),
    ("int of text", "x = list(map(int, a))"),
    ("re without ASCII", "import re\nx = re.compile('[0-9]+')"),
    ("re without ASCII", "import re\nx = re.fullmatch(pattern, a, re.DOTALL)"),
    ("re without ASCII", "from re import fullmatch"),
    ("re without ASCII", r"x = Meta(pattern=r'\A\d+\Z')"),
    ("set order", "for x in {1, 2}: pass"),
    ("set order", "x = [y for y in set(a)]"),
    ("set order", "x = list({y for y in a})"),
    ("set order", "s = frozenset(a)\nx = tuple(s)"),
    ("set order", "s = set(a)\nx = ','.join(s)"),
    ("set order", "def f(s: set[str]) -> None:\n    for x in s: pass"),
    ("set order", "def f(s: frozenset[str] | None) -> None:\n    x = [*s]"),
    ("set order", "class A:\n    s: Final[frozenset[str]]\ndef f(a: A): return list(a.s)"),
    ("set order", "def s() -> set[str]: ...\nfor x in s(): pass"),
    ("set order", "for x in a.keys() - b: pass"),
    ("set order", "s = set(a)\nfor x in s | b: pass"),
    ("set order", "s = set(a)\nx = s.pop()"),
    ("set order", "x, y = {1, 2}"),
    ("set order", "x = f'{set(a)}'"),
    ("set order", "def f(): yield from set(a)"),
    ("set order", "x = next(iter(s := set(a)))"),
]


@pytest.mark.parametrize(("ban", "snippet"), BAD)
def test_each_ban_is_seen(ban: str, snippet: str) -> None:
    found = violations(snippet, "ledger")
    assert {violation.ban for violation in found} == {ban}
    assert all(1 <= violation.line <= snippet.count("\n") + 1 for violation in found)


GOOD: Final = [
    "class A:\n    id: int\nx = a.id",
    "import hashlib, msgspec\nfrom cryptography.hazmat.primitives import hashes",
    "from collections.abc import Sequence",
    "x = a // b\nx = a % b\nx = divmod(a, b)",
    "x = len(set(a))\ny = sorted({1, 2})\nz = 1 in {1, 2}\nw = min(set(a))",
    "s = set(a)\ns = sorted(s)\nfor x in s: pass",
    "class A:\n    s: set[int]\ndef f(s: list[int]):\n    for x in s: pass",
    "for x in a.keys(): pass\nfor x in a - b: pass",
    "x = a.pop(0)\ny = stack.pop()",
    "import re\nx = re.compile(r'\\d+', re.ASCII)",
    "import re\nx = re.compile(rb'\\d+')",
    "x = Meta(pattern=r'\\A[0-9]+\\Z')",
    "x = a.strip(' ')\ny = a.split('/')",
    "x = int.from_bytes(a, 'big')\ny = int()\nz = isinstance(a, int)",
    "class A:\n    def __eq__(self, other: object) -> bool: ...",
    "def f(objects: list[int]) -> None: ...",
]


@pytest.mark.parametrize("snippet", GOOD)
def test_what_only_looks_alike_is_left_alone(snippet: str) -> None:
    assert violations(snippet, "ledger") == []


def test_each_package_has_imports_of_its_own() -> None:
    assert violations("import cryptography", "ledger") == []
    assert violations("import cryptography", "contracts") == [Violation(1, "import")]
    assert violations("import ledger.keys", "contracts") == []
    assert violations("import contracts.replay", "ledger") == [Violation(1, "import")]


def test_exceptions_reach_no_further_than_they_say() -> None:
    source = "import secrets\ndef parse(a):\n    return int(a)\ndef other(a):\n    return int(a)"
    allowed = frozenset({"secrets"})
    digits = frozenset({"parse"})
    found = violations(source, "ledger", allowed_imports=allowed, digit_parsers=digits)
    assert found == [Violation(5, "int of text")]


def test_sets_are_known_across_modules() -> None:
    names = names_of_sets([ast.parse("class A:\n    fields: frozenset[str]")])
    user = "def f(a):\n    return list(a.fields)"
    assert violations(user, "ledger") == []
    assert violations(user, "ledger", set_names=names) == [Violation(2, "set order")]

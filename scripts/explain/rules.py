"""Which rules are asked about a record: read off the code that asks them.

Every rule stands in the docstring of the function that holds it (`R401: …`). A kind's rules are
those of the function to which `transition` hands it, and of all the functions that one leads to; so
a kind that is new explains itself. A step leads to its own effect alone.

>>> "R202" in [number for number, _ in rules_of("writer-end")]
True
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import Final

import contracts
from contracts import transition
from ledger.records import KIND_OF_NAME, Kind

_RULE: Final = re.compile(r"\b(R\d{3}): ", re.ASCII)
_COMMON: Final = ("_admit", "_check_signatures", "_check_chain", "_check_family", "_finish")
"""What `transition` asks about every record."""
_HELD_ALWAYS: Final = frozenset({"R001"})
_ABOUT_SOME: Final[Mapping[str, Callable[[Kind], bool]]] = {
    "R002": lambda kind: kind.name == "usage",
    "R005": lambda kind: kind.family == "keys",
    "R009": lambda kind: not kind.states_fact and kind.family != "keys",
}
"""Common rules that speak of some kinds alone."""
_FOUNDING: Final = (("contracts.transition", "apply_genesis"), ("contracts.genesis", "found"))


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of the rules: what it holds, and what it calls, by module and name."""

    rules: tuple[tuple[str, str], ...]
    calls: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Names:
    """What the names in a module mean: modules it knows, and what it took from them."""

    modules: dict[str, str] = field(default_factory=dict)
    things: dict[str, tuple[str, str]] = field(default_factory=dict)


def rules_of(kind: str, effect: str | None = None) -> list[tuple[str, str]]:
    """Number and text of the rules asked about a record of this kind, ascending."""
    graph = _graph()
    start = _deciding(kind, effect)
    if kind != "genesis":
        start += [(transition.__name__, one) for one in _COMMON]
    found = {number: text for one in _reached(graph, start) for number, text in graph[one].rules}
    found |= {number: text for number, text in rules_in_words().items() if number in _HELD_ALWAYS}
    row = KIND_OF_NAME[kind]
    return [
        (number, text)
        for number, text in sorted(found.items())
        if number not in _ABOUT_SOME or _ABOUT_SOME[number](row)
    ]


def own_rules_of(kind: str, effect: str | None = None) -> list[tuple[str, str]]:
    """Of these, the rules about this kind as such: what its own function holds, and the effect's.

    >>> [number for number, _ in own_rules_of("writer-end")]
    ['R202']
    """
    graph = _graph()
    return sorted({rule for one in _deciding(kind, effect) for rule in graph[one].rules})


@cache
def rules_in_words() -> Mapping[str, str]:
    """Every rule of the rule book by its number."""
    return {number: text for one in _graph().values() for number, text in one.rules}


def _deciding(kind: str, effect: str | None) -> list[tuple[str, str]]:
    """The functions that decide a record of a kind, and what its step does besides."""
    start = list(_FOUNDING) if kind == "genesis" else _handlers(kind)
    if effect is not None and effect in transition.EFFECTS:
        function = transition.EFFECTS[effect]
        start.append((function.__module__, function.__name__))
    return [one for one in start if one in _graph()]


def _handlers(kind: str) -> list[tuple[str, str]]:
    """The functions `transition._apply_rule` calls for a body of this kind."""
    tree = ast.parse(inspect.getsource(transition))
    names = _names_in(tree)
    body = KIND_OF_NAME[kind].body.__name__
    cases = (node for node in ast.walk(tree) if isinstance(node, ast.match_case))
    return [
        call
        for case in cases
        if any(isinstance(n, ast.Name) and n.id == body for n in ast.walk(case.pattern))
        for statement in case.body
        for call in _calls(statement, names, transition.__name__, ())
    ]


def _reached(
    graph: Mapping[tuple[str, str], _Function], start: list[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    waiting = list(start)
    while waiting:
        one = waiting.pop()
        if one not in seen and one in graph:
            seen.add(one)
            yield one
            waiting += graph[one].calls


@cache
def _graph() -> Mapping[tuple[str, str], _Function]:
    return {key: function for module in _modules() for key, function in _functions(module)}


def _modules() -> Iterator[ModuleType]:
    for one in walk_packages(contracts.__path__, "contracts."):
        yield import_module(one.name)


def _functions(module: ModuleType) -> Iterator[tuple[tuple[str, str], _Function]]:
    tree = ast.parse(inspect.getsource(module))
    names = _names_in(tree)
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    own = tuple(node.name for node in nodes)
    for node in nodes:
        pieces = _RULE.split(ast.get_docstring(node) or "")[1:]
        rules = tuple(
            (number, " ".join(text.split()))
            for number, text in zip(pieces[::2], pieces[1::2], strict=True)
        )
        yield (
            (module.__name__, node.name),
            _Function(rules, tuple(_calls(node, names, module.__name__, own))),
        )


def _names_in(tree: ast.AST) -> _Names:
    found = _Names()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = alias.asname or alias.name
                found.modules[name] = f"{node.module}.{alias.name}"
                found.things[name] = (node.module, alias.name)
    return found


def _calls(
    node: ast.AST, names: _Names, module: str, own: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for call in (one for one in ast.walk(node) if isinstance(one, ast.Call)):
        match call.func:
            case ast.Name(id=name) if name in own:
                yield module, name
            case ast.Name(id=name) if name in names.things:
                yield names.things[name]
            case ast.Attribute(value=ast.Name(id="draft"), attr=name):
                yield "contracts.draft", name
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in names.modules:
                yield names.modules[name], attr
            case _:
                pass

r"""What `ledger/` and `contracts/` must not contain, found by reading their syntax trees.

A record must mean the same on every node, for every auditor, under every later Python. So the pure
packages have no clock, randomness, I/O, logging or async, and none of the constructs whose result
depends on the process (`hash`, the order of a set), on the machine (floats) or on the Unicode
tables of the interpreter (`str.lower`, `str.isdigit`, `int("٣")`, `\d` without ASCII).

The checker knows names, not types. Where it is stricter than the trap (`bytes.lower` would be
harmless) the code takes another way round rather than the checker another exception.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tests.architecture.set_order import iterations_over_sets

PURE_STDLIB: Final = frozenset(
    {
        "__future__", "abc", "array", "base64", "binascii", "bisect", "collections", "contextlib",
        "copy", "dataclasses", "enum", "functools", "hashlib", "heapq", "hmac", "itertools",
        "operator", "re", "string", "struct", "textwrap", "types", "typing",
    }
)  # fmt: skip
"""The part of the standard library that can neither see nor touch the world."""

IMPORTS: Final = {
    "ledger": PURE_STDLIB | {"cryptography", "msgspec", "ledger"},
    "contracts": PURE_STDLIB | {"msgspec", "ledger", "contracts"},
}
"""What each pure package may import, by top-level name."""

IMPURE_BUILTINS: Final = frozenset(
    {"__import__", "breakpoint", "compile", "eval", "exec", "input", "open", "print"}
)
PROCESS_DEPENDENT: Final = frozenset({"hash", "id"})
UNICODE_METHODS: Final = frozenset(
    {
        "capitalize", "casefold", "isalnum", "isalpha", "isdecimal", "isdigit", "isidentifier",
        "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper", "lower",
        "splitlines", "swapcase", "title", "upper",
    }
)  # fmt: skip
UNICODE_WITHOUT_ARGUMENT: Final = frozenset({"lstrip", "rsplit", "rstrip", "split", "strip"})
"""Without an argument these go by Unicode's idea of white space."""
RE_FUNCTIONS: Final = frozenset(
    {"compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"}
)
UNICODE_CLASSES: Final = ("\\b", "\\B", "\\d", "\\D", "\\s", "\\S", "\\w", "\\W")


class Violation(NamedTuple):
    """One construct that must not be there."""

    line: int
    ban: str


def violations(
    source: str,
    package: str,
    *,
    set_names: frozenset[str] = frozenset(),
    allowed_imports: frozenset[str] = frozenset(),
    digit_parsers: frozenset[str] = frozenset(),
) -> list[Violation]:
    """Everything banned in `source`, a module of `package`.

    `set_names` are attributes and functions known to yield sets, `allowed_imports` exceptions for
    this module, `digit_parsers` the qualified names of the functions in it that may turn a text
    into an `int` because they have checked its digits.
    """
    tree = ast.parse(source)
    checker = _Checker(IMPORTS[package] | allowed_imports, digit_parsers)
    checker.visit(tree)
    exposed = iterations_over_sets(tree, set_names)
    return sorted([*checker.found, *(Violation(line, "set order") for line in exposed)])


def _names(node: ast.AST | None) -> Iterator[str]:
    if node is not None:
        yield from (part.id for part in ast.walk(node) if isinstance(part, ast.Name))


def _constants(node: ast.AST) -> Iterator[object]:
    yield from (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))


@dataclass
class _Checker(ast.NodeVisitor):
    imports: frozenset[str]
    digit_parsers: frozenset[str]
    found: list[Violation] = field(default_factory=list)
    scope: list[str] = field(default_factory=list)

    def ban(self, node: ast.stmt | ast.expr | ast.arg, name: str) -> None:
        self.found.append(Violation(node.lineno, name))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._imported(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        self._imported(node, module)
        names = {alias.name for alias in node.names}
        if module == "typing" and "Any" in names:
            self.ban(node, "Any")
        if module == "re" and names & RE_FUNCTIONS:
            self.ban(node, "re without ASCII")  # called by its bare name it would go unseen

    def _imported(self, node: ast.stmt, module: str) -> None:
        if module.partition(".")[0] not in self.imports:
            self.ban(node, "import")

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._scoped(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name not in {"__eq__", "__ne__"}:  # whose signature the language prescribes
            arguments = node.args
            for argument in (
                *arguments.posonlyargs,
                *arguments.args,
                *arguments.kwonlyargs,
                *filter(None, (arguments.vararg, arguments.kwarg)),
            ):
                self._annotation(argument, argument.annotation)
            self._annotation(node, node.returns)
        self._scoped(node)

    def _scoped(self, node: ast.ClassDef | ast.FunctionDef) -> None:
        self.scope.append(node.name)
        self.generic_visit(node)
        self.scope.pop()

    def _annotation(self, node: ast.stmt | ast.arg, annotation: ast.expr | None) -> None:
        if "object" in _names(annotation):
            self.ban(node, "object")

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._annotation(node, node.annotation)
        self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.ban(node, "async")

    def visit_Assert(self, node: ast.Assert) -> None:
        self.ban(node, "assert")

    def visit_Global(self, node: ast.Global) -> None:
        self.ban(node, "global")

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, float | complex):
            self.ban(node, "float")

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Div):
            self.ban(node, "float")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.op, ast.Div):
            self.ban(node, "float")
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            return  # a field may be called `id`
        if node.id == "float":
            self.ban(node, "float")
        elif node.id in IMPURE_BUILTINS:
            self.ban(node, "impure builtin")
        elif node.id in PROCESS_DEPENDENT:
            self.ban(node, "process dependent")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in UNICODE_METHODS:
            self.ban(node, "unicode tables")
        elif node.attr == "Any":
            self.ban(node, "Any")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Name("int"), args=[_, *_]):
                self._text_to_int(node)
            case ast.Call(func=ast.Name("map"), args=[ast.Name("int"), *_]):
                self._text_to_int(node)
            case ast.Call(func=ast.Attribute(ast.Name("re"), attr=attr)) if attr in RE_FUNCTIONS:
                self._regular_expression(node)
            case ast.Call(func=ast.Attribute(attr=attr), args=[], keywords=[]):
                if attr in UNICODE_WITHOUT_ARGUMENT:
                    self.ban(node, "unicode tables")
            case _:
                self._pattern_constraint(node)
        self.generic_visit(node)

    def _text_to_int(self, node: ast.Call) -> None:
        if ".".join(self.scope) not in self.digit_parsers:
            self.ban(node, "int of text")

    def _regular_expression(self, node: ast.Call) -> None:
        over_bytes = isinstance(next(_constants(node), None), bytes)
        flags = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
        if not over_bytes and not flags & {"A", "ASCII"}:
            self.ban(node, "re without ASCII")

    def _pattern_constraint(self, node: ast.Call) -> None:
        """`msgspec.Meta(pattern=...)` takes no flags, so its pattern must not need any."""
        for keyword in node.keywords:
            if keyword.arg == "pattern" and any(
                isinstance(value, str) and any(part in value for part in UNICODE_CLASSES)
                for value in _constants(keyword.value)
            ):
                self.ban(node, "re without ASCII")

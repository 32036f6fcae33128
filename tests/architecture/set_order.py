"""Finds code that depends on the order of a set, which differs from one process to the next.

Sets are recognised by how they are written (`{a, b}`, `set(...)`, `frozenset(...)`, comprehensions,
set algebra, the difference of two key views), by annotation, and by the names such values were
given. `sorted(s)`, `len(s)`, `x in s`, `min(s)` do not depend on the order and are fine.
"""

import ast
from collections.abc import Iterable, Iterator
from typing import Final

SET_TYPES: Final = frozenset({"AbstractSet", "MutableSet", "Set", "frozenset", "set"})
WRAPPERS: Final = frozenset({"Annotated", "ClassVar", "Final"})
ALGEBRA: Final = frozenset({"copy", "difference", "intersection", "symmetric_difference", "union"})
ORDERED_CONSUMERS: Final = frozenset(
    {
        "bytearray", "bytes", "dict", "enumerate", "filter", "fromkeys", "iter", "join", "list",
        "map", "reduce", "repr", "reversed", "str", "tuple", "zip", "extend",
    }
)  # fmt: skip
"""Functions and methods whose result shows the order of what they are given."""


def names_of_sets(trees: Iterable[ast.Module]) -> frozenset[str]:
    """The fields and functions that are annotated as sets anywhere in `trees`."""
    return frozenset(_declared(trees))


def _declared(trees: Iterable[ast.Module]) -> Iterator[str]:
    for node in (node for tree in trees for node in ast.walk(tree)):
        match node:
            case ast.ClassDef():
                for field in node.body:
                    match field:
                        case ast.AnnAssign(ast.Name(name), annotation) if _is_type(annotation):
                            yield name
                        case _:
                            pass
            case ast.FunctionDef(name, returns=ast.expr() as returns) if _is_type(returns):
                yield name
            case _:
                pass


def _is_type(annotation: ast.expr) -> bool:
    match annotation:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name in SET_TYPES
        case ast.Subscript(ast.Name(name), inner) if name in WRAPPERS:
            return _is_type(inner.elts[0] if isinstance(inner, ast.Tuple) else inner)
        case ast.Subscript(head, _):
            return _is_type(head)
        case ast.BinOp(left, ast.BitOr(), right):
            return _is_type(left) or _is_type(right)
        case _:
            return False


def iterations_over_sets(tree: ast.Module, set_names: frozenset[str]) -> list[int]:
    """The lines of `tree` where the order of a set comes to light."""
    finder = _Finder(set_names | names_of_sets([tree]))
    finder.visit(tree)
    return finder.lines


class _Finder(ast.NodeVisitor):
    def __init__(self, declared: frozenset[str]) -> None:
        self.declared = declared
        self.known: dict[str, bool] = {}
        self.lines: list[int] = []

    def is_set(self, node: ast.expr) -> bool:
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Name(name):
                return self.known.get(name, False)
            case ast.Attribute(attr=name):
                return name in self.declared
            case ast.Call(ast.Name(name)):
                return name in {"set", "frozenset"} or name in self.declared
            case ast.Call(ast.Attribute(owner, name)):
                return name in self.declared or (name in ALGEBRA and self.is_set(owner))
            case ast.BinOp(left, ast.BitOr() | ast.BitAnd() | ast.BitXor() | ast.Sub(), right):
                return any(self.is_set(side) or _is_keys(side) for side in (left, right))
            case ast.IfExp(_, one, other):
                return self.is_set(one) or self.is_set(other)
            case ast.NamedExpr(_, value):
                return self.is_set(value)
            case _:
                return False

    def look(self, *iterables: ast.expr) -> None:
        self.lines += [node.lineno for node in iterables if self.is_set(node)]

    def learn(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.known[target.id] = self.is_set(value)
        elif isinstance(target, ast.Tuple | ast.List):
            self.look(value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outside, self.known = self.known, dict(self.known)
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            annotation = argument.annotation
            self.known[argument.arg] = annotation is not None and _is_type(annotation)
        self.generic_visit(node)
        self.known = outside

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        outside, self.known = self.known, dict(self.known)
        self.generic_visit(node)
        self.known = outside

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            self.learn(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        if isinstance(node.target, ast.Name):
            by_value = node.value is not None and self.is_set(node.value)
            self.known[node.target.id] = by_value or _is_type(node.annotation)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.generic_visit(node)
        self.learn(node.target, node.value)

    def visit_For(self, node: ast.For) -> None:
        self.look(node.iter)
        if isinstance(node.target, ast.Name):
            self.known[node.target.id] = False
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.look(node.iter)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        self.look(node.value)
        self.generic_visit(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self.look(node.value)
        self.generic_visit(node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:
        self.look(node.value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Attribute(owner, "pop") if not node.args:
                self.look(owner)
            case ast.Name(name) | ast.Attribute(attr=name) if name in ORDERED_CONSUMERS:
                self.look(*node.args)
            case _:
                pass
        self.generic_visit(node)


def _is_keys(node: ast.expr) -> bool:
    match node:
        case ast.Call(ast.Attribute(attr="keys" | "items")):
            return True
        case _:
            return False

"""The tables of `ledger/FORMAT.md`, made from the structs they describe.

    python -m tests.golden.format             says whether the document is up to date
    python -m tests.golden.format --write     brings it up to date

Names, types, limits and defaults come from the annotations, meanings from the docstrings, checks
across members from `__post_init__`. The worked example comes from `tests/vectors/example.json`. The
prose between the generated parts is written by hand.
"""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any, Final

from msgspec import NODEFAULT, json
from msgspec import inspect as shapes

import ledger
from contracts import values
from ledger import envelope, event_proof, merkle_map, note, policy_file, receipt, seal, types
from ledger.canonical import Canonical
from ledger.keys import KeyDescription, KeyValue
from ledger.merkle_map.proof import OtherLeaf, OtherNode, PathNode
from ledger.records import (
    KINDS,
    actions,
    anchors,
    assessment,
    blocks,
    catalogue,
    genesis,
    governance,
    manifests,
    sharing,
    statement,
    supervision,
    terms,
    upkeep,
    use,
)
from ledger.records import cases as case_records
from ledger.sealed import Sealed
from tests.golden import format_example

DOCUMENT: Final = Path(ledger.__path__[0]) / "FORMAT.md"
_PART: Final = re.compile(r"(<!-- generated: ([a-z-]+) -->\n)(?:.*?\n)??(<!-- end -->)", re.DOTALL)
_LIMITS: Final[tuple[tuple[ModuleType, str, str], ...]] = (
    (types, "LEAF_BYTES_MAX", "bytes of a leaf"),
    (types, "SAFE_INTEGER_MAX", "largest integer, 2^53 - 1"),
    (envelope, "SIGNATURES_MAX", "signatures of an envelope"),
    (statement, "SUBJECTS_MAX", "subjects of a statement"),
    (genesis, "FOUNDERS_MAX", "founders"),
    (catalogue, "COLUMNS_PER_PART_MAX", "columns of one `schema` record"),
    (catalogue, "COLUMNS_PER_SCHEMA_MAX", "columns of a schema"),
    (catalogue, "FILES_MAX", "files that a release lists by itself"),
    (catalogue, "RELEASES_PER_RECORD_MAX", "versions in a `release` record"),
    (blocks, "INPUTS_MAX", "rights a block dataset rests on"),
    (blocks, "MAPPED_MAX", "columns of a block made from one input"),
    (blocks, "SOURCES_MAX", "columns of one input that one column of a block is made from"),
    (upkeep, "DATA_ITEMS_MAX", "data items of a `source-designation` record"),
    (upkeep, "ATTESTED_MAX", "entries listed in an `attestation` record"),
    (manifests, "FILES_PER_PART_MAX", "files of one `manifest` record"),
    (manifests, "FILES_PER_MANIFEST_MAX", "files of a manifest"),
    (sharing, "ITEMS_MAX", "items of a `request` or `grant`, grants accepted or revoked at once"),
    (sharing, "RECIPIENTS_MAX", "members that one grant item goes to"),
    (sharing, "RIGHTS_MAX", "rights that one `grant` record gives"),
    (terms, "COLUMNS_MAX", "columns in terms"),
    (terms, "DELEGATION_DEPTH_MAX", "how often a right can be passed on"),
    (use, "EVENTS_MAX", "events listed in a `usage` record"),
    (case_records, "CASES_PER_STEP_MAX", "cases moved by a `step` record"),
    (supervision, "AGAINST_MAX", "members that a `case` record is against"),
    (governance, "ADMISSIONS_MAX", "members admitted by one action"),
    (governance, "GROUP_MAX", "members of a group"),
    (assessment, "INDICATORS_MAX", "indicators adopted at one time"),
    (assessment, "CLAUSES_MAX", "clauses of a numerator or denominator"),
    (assessment, "THINGS_MAX", "things that one objection to a figure names"),
    (governance, "PREMISES_MAX", "premises of a proposal"),
    (anchors, "NOTE_CHARACTERS_MAX", "characters of an anchored checkpoint"),
    (anchors, "PROOF_HASHES_MAX", "hashes of a proof that comes along"),
    (actions, "BASES_MAX", "legal bases adopted, or retired, by one action"),
    (actions, "GOALS_MAX", "goals of a pairing"),
    (actions, "PAIRED_MAX", "members of a pairing"),
    (actions, "HANDED_MAX", "datasets that one action puts into other hands"),
    (note, "NOTE_BYTES_MAX", "bytes of a signed note"),
    (note, "SIGNATURES_MAX", "signature lines of a note"),
    (event_proof, "EVENT_PROOF_BYTES_MAX", "bytes of the proof of an event"),
    (receipt, "EXTRA_BYTES_MAX", "bytes of the extra data of a receipt"),
    (policy_file, "POLICY_BYTES_MAX", "bytes of a policy file"),
    (merkle_map.proof, "PROOF_BYTES_MAX", "bytes of a map proof"),
)


def up_to_date(document: str) -> str:
    """The document with its generated parts made anew."""
    return _PART.sub(lambda part: f"{part[1]}{_PARTS[part[2]]()}\n{part[3]}", document)


def described() -> list[type[Canonical]]:
    """Every struct that has a table, in their order."""
    return [one for group in _GROUPS.values() for one in group]


def below(struct: type[Canonical]) -> Iterator[type[Canonical]]:
    """The structs a struct is made of, itself first, each once and in the order they are met."""
    seen = {struct: None}
    for one in _parts(struct):
        seen |= dict.fromkeys(below(one))
    yield from seen


def _parts(struct: type[Canonical]) -> Iterator[type[Canonical]]:
    for field in _shape(struct).fields:
        yield from _structs(field.type)


def _structs(shape: shapes.Type) -> Iterator[type[Canonical]]:
    match shape:
        case shapes.StructType(cls=cls) if issubclass(cls, Canonical):
            yield cls
        case shapes.UnionType(types=several):
            for one in several:
                yield from _structs(one)
        case shapes.VarTupleType(item_type=item):
            yield from _structs(item)
        case _:
            return


def _shape(struct: type[Canonical]) -> shapes.StructType:
    found = shapes.type_info(struct)
    assert isinstance(found, shapes.StructType)
    return found


@cache
def _scalars() -> dict[shapes.Type, str]:
    """The named scalar types by their shape; the first name of a shape counts."""
    named: dict[shapes.Type, str] = {}
    for module in (types, terms, genesis):
        for name, found in vars(module).items():
            if getattr(found, "__metadata__", None) and name[0].isupper():
                shape = shapes.type_info(found)
                if isinstance(shape, shapes.StrType | shapes.IntType) and name != "Version":
                    named.setdefault(_key(shape), name)  # other counts from 1 are no versions
    return named


def _key(shape: shapes.StrType | shapes.IntType) -> Any:
    if isinstance(shape, shapes.StrType):
        return shape.pattern, shape.min_length, shape.max_length
    return shape.ge, shape.le


def _type(shape: shapes.Type) -> str:
    match shape:
        case shapes.StrType() | shapes.IntType() if name := _scalars().get(_key(shape)):
            return f"{name}"
        case shapes.IntType(ge=int(low), le=int(high)):
            return f"integer {low:,} to {high:,}"
        case shapes.IntType():
            return "integer"
        case shapes.StrType(pattern=str(pattern)):
            return f"text `{_plain(pattern)}`"
        case shapes.StrType(min_length=low, max_length=high):
            return "text" if high is None else f"text, {low or 0} to {high:,} characters"
        case shapes.BoolType():
            return "boolean"
        case shapes.BytesType(max_length=high):
            return "base64" if high is None else f"base64, at most {high:,} bytes"
        case shapes.NoneType():
            return "null"
        case _:
            return _composed(shape)


def _composed(shape: shapes.Type) -> str:
    match shape:
        case shapes.VarTupleType(item_type=item, min_length=low, max_length=high):
            return f"array of {_range(low, high)}{_type(item)}"
        case shapes.UnionType(types=several):
            return " or ".join(_type(one) for one in several)
        case shapes.Metadata(type=inner):
            return _type(inner)
        case shapes.LiteralType(values=several):
            return ", ".join(f"`{json.encode(one).decode()}`" for one in several)
        case shapes.StructType(cls=cls):
            return f"[{cls.__name__}](#{cls.__name__.lower()})"
        case shapes.AnyType():
            return "the body of the kind"
        case _:
            raise TypeError(f"no words for {shape}")


def _range(low: int | None, high: int | None) -> str:
    return "" if high is None else f"{low or 0} to {high:,} " if low != high else f"{high} "


def _plain(pattern: str) -> str:
    return pattern.removeprefix(r"\A").removesuffix(r"\Z").replace("|", "\\|")


def _default(field: shapes.Field) -> str:
    if field.required:
        return "required"
    default = field.default if field.default is not NODEFAULT else field.default_factory()
    return "–" if default is None else f"`{json.encode(default).decode()}`"


def _optional(shape: shapes.Type) -> shapes.Type:
    """The type of a member that is left out when it is null."""
    if not isinstance(shape, shapes.UnionType):
        return shape
    rest = tuple(one for one in shape.types if not isinstance(one, shapes.NoneType))
    return rest[0] if len(rest) == 1 else shapes.UnionType(rest)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _docstring(struct: type[Canonical]) -> tuple[str, dict[str, str]]:
    """What a struct is, in one paragraph, and what each of its fields means."""
    text, _, attributes = inspect.cleandoc(struct.__doc__ or "").partition("Attributes:\n")
    meanings = re.findall(r"^    (\w+): (.*(?:\n {6,}.*)*)", attributes, re.MULTILINE)
    return _one_line(text), {name: _one_line(meaning) for name, meaning in meanings}


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _struct(struct: type[Canonical]) -> str:
    what, meanings = _docstring(struct)
    described_by = _shape(struct)
    rows = []
    if described_by.tag_field is not None:
        tag = f"`{json.encode(described_by.tag).decode()}`"
        rows.append((f"`{described_by.tag_field}`", tag, "required", "which of them it is"))
    for field in described_by.fields:
        shape = field.type if field.required else _optional(field.type)
        meaning = meanings.get(field.name, "")
        rows.append((f"`{field.encode_name}`", _type(shape), _default(field), meaning))
    columns = 4 if meanings else 3
    head = ("member", "type", "default", "meaning")[:columns]
    table = _table(head, [row[:columns] for row in rows])
    lines = [f"#### {struct.__name__}", "", what, "", table]
    checks = list(_checks(struct))
    if checks:
        lines += ["", f"Checks: {'; '.join(checks)}."]
    return "\n".join(lines)


def _checks(struct: type[Canonical]) -> Iterator[str]:
    """What `__post_init__` asks for: ascending members, and the messages of what it refuses."""
    check = vars(struct).get("__post_init__")
    if check is None:
        return
    module = inspect.getmodule(struct)
    tree = ast.parse(dedent(inspect.getsource(check)))
    ascending = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "require_ascending":
                ascending.append(f"`{_text(node.args[0])}`")
            elif node.func.id.startswith("_require"):
                yield from _messages(ast.parse(inspect.getsource(getattr(module, node.func.id))))
    if ascending:
        yield f"strictly ascending: {', '.join(sorted(ascending))}"
    yield from _messages(tree)


def _messages(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Call(args=[value])):
                yield f"refused with “{_text(value)}”"
            case _:
                pass


def _text(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=value):
            return str(value)
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) for part in parts)
        case _:
            return "…"


def _structs_of(group: str) -> str:
    return "\n\n".join(_struct(one) for one in _GROUPS[group])


def _scalar_table() -> str:
    tree = ast.parse(Path(types.__file__).read_text(encoding="utf-8"))
    told: dict[str, str] = {}
    for assignment, text in zip(tree.body, tree.body[1:], strict=False):
        match assignment, text:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(ast.Constant(value=str(said))):
                told[name] = _one_line(said)
            case _:
                pass
    told["DurationMs"] = "A duration in milliseconds, up to a hundred years."
    told["Days"] = "A number of days, up to about ten years."
    modules = {"DurationMs": terms, "Days": genesis}
    rows = []
    for name in _scalars().values():
        shape = shapes.type_info(getattr(modules.get(name, types), name))
        rows.append((name, _form(shape), told[name]))
    return _table(("type", "form", "meaning"), rows)


def _form(shape: shapes.Type) -> str:
    match shape:
        case shapes.StrType(pattern=str(pattern), max_length=high) if len(pattern) < 120:
            return f"`{_plain(pattern)}`" + ("" if high is None else f", at most {high} characters")
        case shapes.StrType(pattern=str()):
            return "see [Times](#24-times)"
        case shapes.StrType(min_length=low, max_length=high):
            return f"{low or 0} to {high:,} characters"
        case shapes.IntType(ge=low, le=high):
            return f"integer {low:,} to {high:,}"
        case _:
            raise TypeError(f"no words for {shape}")


def _limits() -> str:
    rows = [(f"{getattr(module, name):,}", what) for module, name, what in _LIMITS]
    return _table(("at most", "of"), rows)


def _kinds() -> str:
    rows = []
    for predicate_type, kind in KINDS.items():
        says = "fact" if kind.states_fact else "permission"
        body = f"[{kind.body.__name__}](#{kind.body.__name__.lower()})"
        rows.append((f"`{kind.name}`", f"`{predicate_type}`", kind.family, says, body))
    return _table(("kind", "predicate type", "family", "states a", "body"), rows)


def _body_structs() -> list[type[Canonical]]:
    """Each kind's body, then what it is made of, unless that stands above."""
    seen: dict[type[Canonical], None] = {KeyDescription: None, KeyValue: None, Sealed: None}
    for kind in KINDS.values():
        assert issubclass(kind.body, Canonical)
        seen |= dict.fromkeys(below(kind.body))
    return [one for one in seen if one not in (KeyDescription, KeyValue, Sealed)]


def _value_structs() -> list[type[Canonical]]:
    known = dict.fromkeys([*_body_structs(), KeyDescription, KeyValue, Sealed])
    found = [one for one in vars(values).values() if isinstance(one, type)]
    own = [one for one in found if one.__module__ == values.__name__]
    return [one for one in own if issubclass(one, Canonical) and one not in known]


_GROUPS: Final[dict[str, list[type[Canonical]]]] = {
    "keys": [KeyDescription, KeyValue],
    "sealed": [Sealed],
    "statement": [
        statement.Statement,
        statement.Predicate,
        statement.Chain,
        statement.Subject,
        statement.DigestSet,
    ],
    "bodies": _body_structs(),
    "seal": [seal.SealStatement, seal.Seal],
    "outcome": [seal.Outcome, seal.FindingRef],
    "values": _value_structs(),
    "proof": [merkle_map.MapProof, PathNode, OtherLeaf, OtherNode],
    "event-proof": [event_proof.EventProof],
}
_PARTS: Final[dict[str, Callable[[], str]]] = {
    "scalars": _scalar_table,
    "limits": _limits,
    "kinds": _kinds,
    "example": format_example.render,
    **{name: partial(_structs_of, name) for name in _GROUPS},
}


def main(arguments: list[str]) -> int:
    """Write the document, or compare it."""
    document = DOCUMENT.read_text(encoding="utf-8")
    fresh = up_to_date(document)
    if arguments == ["--write"]:
        DOCUMENT.write_text(fresh, encoding="utf-8")
        return 0
    if fresh != document:
        sys.stdout.write("ledger/FORMAT.md differs from the code\n")
    return int(fresh != document)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

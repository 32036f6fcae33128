"""Every struct that is hashed or signed keeps the rules that make its plain encoding canonical."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
from msgspec import inspect

import contracts
import ledger
from ledger.canonical import Canonical, restore_defaults
from ledger.records.statement import Chain


def structs_below(struct: type[Canonical]) -> Iterator[type[Canonical]]:
    for below in struct.__subclasses__():
        yield below
        yield from structs_below(below)


def all_structs() -> list[type[Canonical]]:
    for package in (contracts, ledger):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    return [
        struct
        for struct in structs_below(Canonical)
        if struct.__module__.partition(".")[0] in ("contracts", "ledger")
    ]


def name_of(struct: type[Canonical]) -> str:
    return f"{struct.__module__}.{struct.__qualname__}"


STRUCTS: Final = all_structs()
RECORD_STRUCTS: Final = [one for one in STRUCTS if one.__module__.startswith("ledger.records.")]
every_struct = pytest.mark.parametrize("struct", STRUCTS, ids=name_of)
every_record_struct = pytest.mark.parametrize("struct", RECORD_STRUCTS, ids=name_of)


def test_there_are_structs_of_every_layer() -> None:
    names = {name_of(struct) for struct in STRUCTS}
    assert {"ledger.records.terms.Terms", "ledger.seal.Seal", "contracts.values.Case"} <= names


@every_struct
def test_fields_are_declared_in_the_order_of_their_encoded_names(struct: type[Canonical]) -> None:
    tag = struct.__struct_config__.tag_field  # written before all others
    names = (*(() if tag is None else (tag,)), *struct.__struct_encode_fields__)
    assert list(names) == sorted(set(names))
    assert all(name.isascii() for name in names)


@every_struct
def test_structs_are_frozen_and_strict(struct: type[Canonical]) -> None:
    config = struct.__struct_config__
    assert config.frozen
    assert config.forbid_unknown_fields
    assert config.omit_defaults
    assert not config.array_like


@every_struct
def test_defaults_are_known_to_the_encoder(struct: type[Canonical]) -> None:
    """It leaves out a default it recognises by identity; other defaults are restored by value."""
    unknown = [
        field.name
        for field in msgspec.structs.fields(struct)
        if field.default is not msgspec.NODEFAULT
        and msgspec.json.decode(msgspec.json.encode(field.default), type=field.type)
        is not field.default
    ]
    checks = getattr(struct, "__post_init__", None)
    restores = checks is not None and restore_defaults.__name__ in checks.__code__.co_names
    assert restores == bool(unknown), unknown


def parts_of(kind: inspect.Type) -> Iterator[inspect.Type]:
    """A type and the types it is made of, not going into other structs."""
    yield kind
    match kind:
        case inspect.UnionType(types=types):
            for one in types:
                yield from parts_of(one)
        case inspect.VarTupleType(item_type=item):
            yield from parts_of(item)
        case inspect.Metadata(type=inner):
            yield from parts_of(inner)
        case _:
            pass


def types_in(struct: type[Canonical]) -> Iterator[tuple[str, inspect.Type]]:
    parameters = getattr(struct, "__parameters__", ())
    info = inspect.type_info(struct[(Chain,) * len(parameters)] if parameters else struct)  # type: ignore[index]
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        for part in parts_of(field.type):
            yield field.name, part


EXACT: Final = (
    inspect.BoolType,
    inspect.BytesType,
    inspect.IntType,
    inspect.LiteralType,
    inspect.Metadata,
    inspect.NoneType,
    inspect.StrType,
    inspect.StructType,
    inspect.UnionType,
    inspect.VarTupleType,
)


@every_struct
def test_only_exact_types(struct: type[Canonical]) -> None:
    """No floats, nothing untyped, no lists or maps that could change or be in any order."""
    odd = [(name, part) for name, part in types_in(struct) if not isinstance(part, EXACT)]
    assert not odd


def is_bounded(part: inspect.Type) -> bool:
    match part:
        case inspect.IntType(ge=ge, le=le):
            return ge is not None and le is not None and -(2**53) < ge <= le < 2**53
        case inspect.StrType(max_length=length, pattern=pattern):
            return length is not None or pattern is not None
        case inspect.VarTupleType(max_length=length):
            return length is not None
        case _:
            return True


@every_record_struct
def test_every_part_of_a_record_has_a_limit(struct: type[Canonical]) -> None:
    unbounded = [(name, part) for name, part in types_in(struct) if not is_bounded(part)]
    assert not unbounded


@every_record_struct
def test_the_docstring_names_every_field(struct: type[Canonical]) -> None:
    text = struct.__doc__ or ""
    _, _, attributes = text.partition("Attributes:\n")
    named = [
        line.strip().partition(":")[0]
        for line in attributes.splitlines()
        if line.startswith("        ") and not line.startswith("         ")
    ]
    assert named == list(struct.__struct_fields__)


class Sloppy(Canonical):
    """Breaks the rules, to show that the checks above can see it."""

    b: Any
    a: float
    c: int = 1_000


def test_the_checks_can_fail() -> None:
    for check in (
        test_fields_are_declared_in_the_order_of_their_encoded_names,
        test_defaults_are_known_to_the_encoder,
        test_only_exact_types,
        test_every_part_of_a_record_has_a_limit,
        test_the_docstring_names_every_field,
    ):
        with pytest.raises(AssertionError):
            check(Sloppy)

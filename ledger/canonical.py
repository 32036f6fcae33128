"""Canonical JSON: every value has exactly one encoding, and only that one is accepted.

The encoding is RFC 8785 restricted to what records need: objects with ASCII member names in
ascending order, arrays, strings in raw UTF-8 with the shortest escapes, integers up to 2^53 - 1 in
size, true, false, null; no white space, no floats. Values are `Canonical` structs whose fields are
declared in the order of their encoded names, so that a plain encoder already writes them sorted
(a test walks every struct of the package and holds them to it). A member that has its default is
left out.

Parsing is decoding into the expected type and comparing the re-encoding with the input: duplicate
members, other orders, needless escapes, `1.0` for `1`, explicit defaults and white space all differ
there, without a rule of their own. One trap remains: the encoder knows a default by identity, not
by equality. It recognises what exists once in the process (None, booleans, the empty tuple, small
integers, the texts of a `Literal`); a struct with any other default calls `restore_defaults`.

>>> class Point(Canonical):
...     x: int
...     y: int = 0
>>> encode(Point(x=1))
b'{"x":1}'
>>> parse(b'{"x":1}', Decoder(Point))
Point(x=1, y=0)
>>> parse(b'{"x":1,"y":0}', Decoder(Point))
Traceback (most recent call last):
    ...
ledger.errors.NotCanonical: the bytes differ from the canonical encoding at byte 6
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar, dataclass_transform

from msgspec import NODEFAULT, MsgspecError, Struct, StructMeta, field
from msgspec.json import Decoder, Encoder
from msgspec.structs import force_setattr

from ledger.errors import FormatError, NotCanonical

_T = TypeVar("_T")
_M = TypeVar("_M", bound=StructMeta)
_encoder = Encoder()


class _CanonicalMeta(StructMeta):
    """Makes `kw_only` hereditary, as the other options are: fields are ordered by name."""

    def __new__(  # noqa: PYI019  mypy knows no `Self` in a metaclass
        cls: type[_M],
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, str],
        **options: bool,
    ) -> _M:
        options["kw_only"] = True
        return StructMeta.__new__(cls, name, bases, namespace, **options)  # type: ignore[arg-type]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Canonical(
    Struct,
    metaclass=_CanonicalMeta,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename="camel",
    gc=False,
):
    """Base of everything that is hashed or signed: frozen, strict, camelCase in JSON."""


encode = _encoder.encode
"""The canonical encoding of a `Canonical` value. Total for every value that can be parsed."""


def decode(data: bytes, decoder: Decoder[_T]) -> _T:
    """The value in `data`, if it has the type; says nothing about canonical form.

    Raises `FormatError` naming the member at fault.
    """
    try:
        return decoder.decode(data)
    except (MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(str(error)) from error


def parse(data: bytes, decoder: Decoder[_T]) -> _T:
    """The value whose canonical encoding is `data`.

    Raises `FormatError` if `data` is not of the type, `NotCanonical` if it encodes it otherwise.
    """
    value = decode(data, decoder)
    again = encode(value)
    if again != data:
        at = next(
            (i for i, (a, b) in enumerate(zip(data, again, strict=False)) if a != b),
            min(len(data), len(again)),
        )
        raise NotCanonical(f"the bytes differ from the canonical encoding at byte {at}")
    return value


def require_ascending(name: str, values: Sequence[str]) -> None:
    """Sets are written as strictly ascending arrays; raises `ValueError` for any other order."""
    for left, right in pairwise(values):
        if left >= right:
            raise ValueError(f"`{name}` must be strictly ascending without repeats")


def restore_defaults(value: Canonical) -> None:
    """Called from `__post_init__`: a member equal to its default becomes it, and is left out again.

    Without this `{}` and `{"limit":1000}` would both be canonical where 1000 is the default.
    """
    fields, defaults = value.__struct_fields__, value.__struct_defaults__
    for name, default in zip(reversed(fields), reversed(defaults), strict=False):
        if default is not NODEFAULT and getattr(value, name) == default:
            force_setattr(value, name, default)

r"""What a person is told of a text that an id, a code or a moment cannot be.

The types of `ledger.types` are regular expressions, which tell only programmers what to write:

>>> from ledger.records import Ballot
>>> in_words("Expected `str` matching regex '\\\\A[0-9a-f]{64}\\\\Z'")
'is not 64 hexadecimal digits'
>>> in_words("Expected `str` of length <= 128")
'is longer than 128 characters'
>>> in_words("Invalid enum value 'yse'", Ballot, "vote")
'`yse` is none of no, yes'
>>> quoted("x" * 100)
'`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`'
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec.inspect import (
    LiteralType,
    Metadata,
    StrType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from ledger import types

_SHOWN_CHARS_MAX: Final = 60
_NAMES: Final[Mapping[Any, str]] = {
    types.CaseId: "the id of a case, such as `blockpool case list` shows",
    types.DatasetId: "the id of a dataset: 2 to 63 of a-z, 0-9 and hyphens",
    types.Date: "a date such as 2027-01-31",
    types.DigestHex: "64 hexadecimal digits",
    types.ItemId: "an id of 64 hexadecimal digits, a hyphen and a number",
    types.MemberId: "the id of a member: 2 to 63 of a-z, 0-9 and hyphens",
    types.PurposeCode: "a purpose code: a-z, 0-9 and hyphens, parts joined by dots",
    types.Slug: "a code of 1 to 63 of a-z, 0-9 and hyphens",
    types.Time: "a moment such as 2027-01-31T00:00:00.000Z",
    types.WriterId: "MEMBER/NAME, such as health/main",
}
_REGEX: Final = re.compile(r"Expected `str` matching regex (?P<pattern>'.*')", re.ASCII | re.DOTALL)
_WORD: Final = re.compile(r"Invalid enum value '(?P<word>.*)'", re.ASCII | re.DOTALL)
_LONG: Final = re.compile(r"Expected `str` of length <= (?P<chars>[0-9]+)", re.ASCII)


def in_words(message: str, kind: Any = None, path: str = "") -> str:
    """What msgspec says of a text, for people; anything else as it is.

    Which words there are at `path` within `kind` is told too.
    """
    if (match := _WORD.fullmatch(message)) is not None:
        allowed = _words_at(type_info(kind), re.findall(r"\w+|\[.*?\]", path, re.ASCII))
        listed = ", ".join(sorted(map(str, dict.fromkeys(allowed))))
        return f"`{match['word']}` is none of {listed}" if listed else message
    if (match := _REGEX.fullmatch(message)) is not None:
        name = _NAME_OF_PATTERN.get(match["pattern"])
        return message if name is None else f"is not {name}"
    if (match := _LONG.fullmatch(message)) is not None:
        return f"is longer than {match['chars']} characters"
    return message


def _words_at(kind: Type, steps: Sequence[str]) -> Iterator[object]:
    """The words that can stand at the end of a path of msgspec, such as `items`, `[...]`, `way`."""
    match kind, steps:
        case Metadata(type=inner), _:
            yield from _words_at(inner, steps)
        case UnionType(types=types), _:
            for one in types:
                yield from _words_at(one, steps)
        case LiteralType(values=values), []:
            yield from values
        case StructType(fields=fields), [name, *rest]:
            for field in fields:
                if field.encode_name == name:
                    yield from _words_at(field.type, rest)
        case VarTupleType(item_type=inner), [_, *rest]:
            yield from _words_at(inner, rest)
        case _:
            pass


def quoted(text: str) -> str:
    """The text in back quotes, cut where it would fill the screen."""
    return f"`{text}`" if len(text) <= _SHOWN_CHARS_MAX else f"`{text[:_SHOWN_CHARS_MAX]}…`"


def _pattern(kind: object) -> str:
    described = type_info(kind)
    return repr(described.pattern) if isinstance(described, StrType) else ""


_NAME_OF_PATTERN: Final = {_pattern(kind): name for kind, name in _NAMES.items()}

"""What sentences about records are made of: lists, terms, texts that may be sealed."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import fields

from ledger.records.terms import FieldMasking, RowFilter, Terms
from ledger.sealed import MaybeSealed, Sealed
from ledger.times import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from scripts.explain.language import Language, short, word

NAMES_MAX: Final = 12
"""Names of a long list that are told; the rest is counted."""
_IN_WORDS: Final = frozenset({"onward", "operations", "storage"})
"""Parts of terms that are words of the ledger."""
Sentence = tuple[str, dict[str, object]]
"""The name of a sentence, one of `Language.said`, and what is filled in."""


def terms_told(terms: Terms, language: Language) -> str:
    """Terms in a line, each part as it is typed; what sets no limit is left out."""
    told = [
        f"{word(language.terms, one.encode_name)} "
        f"{_part(one.name, getattr(terms, one.name), language)}"
        for one in fields(terms)
        if getattr(terms, one.name) != one.default
    ]
    return "; ".join(told)


def some(names: Sequence[str] | str, language: Language) -> str:
    """A list that may be long, or a word in its place."""
    if isinstance(names, str):
        return names
    told = language.phrases["comma"].join(map(short, names[:NAMES_MAX]))
    more = len(names) - NAMES_MAX
    return told if more <= 0 else f"{told} … (+{more})"


def text_told(text: MaybeSealed, language: Language) -> str:
    """A text, or that it is sealed."""
    return language.phrases["sealed"] if isinstance(text, Sealed) else text


def _part(name: str, value: object, language: Language) -> str:
    match value:
        case int() if name in ("delete_within", "report_within"):
            return _duration(value)
        case tuple():
            return ", ".join(_part(name, one, language) for one in value)
        case str() if name == "purposes" and value != "all":
            return language.purpose_of(value)
        case str() if name in _IN_WORDS:
            return word(language.manners, value)
        case "all" | "any":
            return word(language.manners, str(value))
        case FieldMasking(field=field, level=level):
            return f"{field}={word(language.manners, level)}"
        case RowFilter(column=column, prefixes=prefixes):
            return f"{column}={'|'.join(prefixes)}"
        case _:
            return str(value)


def _duration(milliseconds: int) -> str:
    """In the largest unit that divides it.

    >>> _duration(86_400_000), _duration(5_400_000), _duration(1)
    ('1d', '90m', '1ms')
    """
    for unit_ms, unit in ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "m"), (SECOND_MS, "s")):
        if milliseconds % unit_ms == 0:
            return f"{milliseconds // unit_ms}{unit}"
    return f"{milliseconds}ms"

"""How values are written by people, in options and in the cells of a table.

| value | written as |
|---|---|
| list | `age, sex` or `age; sex`; Chinese commas and semicolons too |
| list or everything | the same, or `all` (systems: `any`) |
| moment | `2027-01-31T08:00:00+08:00`; days and times without a zone are of `scripts.zone` |
| duration | `30d`, `12h`, `90m`, `45s` |
| yes or no | `yes`, `no`, `true`, `false`, `1`, `0`, `是`, `否` |
| masking | `phone=partial, name=hashed` |
| rows | `territory=1101|1102, period=2026` |

>>> words("b, a；c")
('a', 'b', 'c')
>>> duration_ms("30d")
2592000000
>>> moment("2027-01-31T08:00:00+08:00")
'2027-01-31T00:00:00.000Z'
>>> part_of_terms("masking", "phone=partial")
(FieldMasking(field='phone', level='partial'),)
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final, Literal, TypeVar, get_args, get_origin

from msgspec import Struct, ValidationError, convert
from msgspec.json import Decoder, encode

from ledger.canonical import decode
from ledger.errors import FormatError
from ledger.records.terms import FieldMasking, RowFilter, Terms
from ledger.times import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from ledger.types import Time
from scripts.patterns import in_words, quoted

S = TypeVar("S", bound=Struct)

_SEPARATORS: Final = re.compile(r"[,;，；、\n]")
_DURATION: Final = re.compile(r"([0-9]{1,9})(d|h|m|s)", re.ASCII)
_DIGITS_MAX: Final = 16
"""As many as 2^53 - 1, the largest number in a record, has."""
_UNIT_MS: Final = {"d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS, "s": SECOND_MS}
_YES: Final = frozenset({"yes", "y", "true", "1", "是"})
_NO: Final = frozenset({"no", "n", "false", "0", "否"})
_PATH: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.ASCII | re.DOTALL)


class SpellingError(ValueError):
    """A value that cannot be read. `member` says which one, if it is part of something larger."""

    def __init__(self, message: str, member: str = "") -> None:
        super().__init__(message)
        self.member = member


def words(text: str) -> tuple[str, ...]:
    """A list as a set: sorted, each word once."""
    return tuple(sorted({word.strip() for word in _SEPARATORS.split(text)} - {""}))


def count(text: str) -> int:
    """A whole number from 0 on."""
    digits = text.strip().replace("_", "")
    if not (digits.isascii() and digits.isdigit()):
        raise SpellingError(f"{quoted(text)} is not a whole number")
    if len(digits) > _DIGITS_MAX:
        raise SpellingError(f"{quoted(text)} is too large a number")
    return int(digits)


def yes_or_no(text: str) -> bool:
    """A flag."""
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise SpellingError(f"{quoted(text)} is neither yes nor no")
    return word in _YES


def moment(text: str) -> Time:
    """A moment in the ledger's form; its zone must be written."""
    try:
        parsed = datetime.fromisoformat(text.strip())
        if parsed.tzinfo is not None:
            return time_of(parsed)
    except (ValueError, OverflowError) as error:  # the second at the ends of the calendar
        raise SpellingError(f"{quoted(text)} is no date or time such as 2027-01-31") from error
    raise SpellingError(f"{quoted(text)} names no zone, as 2027-01-31T08:00:00+08:00 does")


def time_of(when: datetime) -> Time:
    """A moment in the ledger's form."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def duration_ms(text: str) -> int:
    """A duration in milliseconds."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise SpellingError(f"{quoted(text)} is no duration such as 30d, 12h, 90m or 45s")
    return int(match[1]) * _UNIT_MS[match[2]]


def part_of_terms(part: str, text: str) -> object:
    """One part of the terms, by its name in Python. Raises `SpellingError`."""
    return TERMS_PARTS[part](text)


def terms_of(parts: Mapping[str, str], base: Terms | None = None) -> Terms:
    """Terms from their parts as written; what is empty is as in `base`, or sets no limit.

    Raises `SpellingError`, its `member` the part at fault.
    """
    read: dict[str, object] = {}
    for part, text in parts.items():
        if text.strip():
            try:
                read[part] = part_of_terms(part, text)
            except SpellingError as error:
                raise SpellingError(str(error), part) from error
    if base is not None:
        read = {**{part: getattr(base, part) for part in TERMS_PARTS}, **read}
    for part in ("fields", "operations", "purposes"):
        if part not in read:
            raise SpellingError("is needed", part)
    return build(Terms, **read)


def build(kind: type[S], /, **members: object) -> S:
    """A struct of `ledger.records`, its members within their limits.

    Raises `SpellingError` naming the member.
    """
    try:
        value = kind(**members)
    except ValueError as error:
        raise SpellingError(str(error)) from error
    return checked(value, kind)


def checked(value: S, kind: type[S]) -> S:
    """`value`, all its members within their limits. Raises `SpellingError` naming the member.

    Structs check their members when they are read, not when they are made.
    """
    try:
        return decode(encode(value), Decoder(kind))
    except FormatError as error:
        raise spelling_error(error, kind) from error


def spelling_error(error: FormatError, kind: object) -> SpellingError:
    """What is wrong with a value of a kind, in words, and with which member of it."""
    match = _PATH.fullmatch(str(error))
    what, path = (str(error), "") if match is None else (match["what"], match["path"] or "")
    return SpellingError(in_words(what, kind, path), _member(path))


def typed(text: str, kind: object) -> object:
    """Text as a value of a type of `ledger.types` or `ledger.records`. Raises `SpellingError`."""
    words_allowed = get_args(kind) if get_origin(kind) is Literal else ()
    if words_allowed and text not in words_allowed:
        raise SpellingError(f"{quoted(text)} is none of {', '.join(map(str, words_allowed))}")
    try:
        return convert(text, kind)
    except ValidationError as error:
        said = in_words(str(error), kind)
        is_whole = said.startswith(quoted(text))
        raise SpellingError(said if is_whole else f"{quoted(text)} {said}") from error


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """What may have been meant instead of a word nobody knows, to be told behind it; or nothing.

    >>> did_you_mean("report_witin", ["report_within", "rows"]), did_you_mean("colour", ["rows"])
    (' (did you mean `report_within`?)', '')
    """
    near = get_close_matches(word, known, n=1)
    return f" (did you mean `{near[0]}`?)" if near else ""


def _member(path: str) -> str:
    """The Python name of the member a path of msgspec leads to.

    >>> _member("notAfter"), _member("items[...].terms.usesMax")
    ('not_after', 'uses_max')
    """
    plain = [one for one in re.split(r"\.|\[.*?\]", path) if one]
    return re.sub(r"(?=[A-Z])", "_", plain[-1]).lower() if plain else ""


def pairs(text: str) -> list[tuple[str, str]]:
    """`NAME=VALUE` words. Raises `SpellingError`."""
    pairs = []
    for word in words(text):
        left, equals, right = word.partition("=")
        if not equals or not left.strip() or not right.strip():
            raise SpellingError(f"`{word}` is not written NAME=VALUE")
        pairs.append((left.strip(), right.strip()))
    return pairs


def _masking(text: str) -> tuple[FieldMasking, ...]:
    masks = [FieldMasking(field=field, level=level) for field, level in pairs(text)]  # type: ignore[arg-type]  # `checked` afterwards
    return tuple(sorted(masks, key=lambda one: one.field))


def _rows(text: str) -> tuple[RowFilter, ...]:
    return tuple(
        RowFilter(
            column=column, prefixes=tuple(sorted({one.strip() for one in prefixes.split("|")}))
        )
        for column, prefixes in sorted(pairs(text))
    )


def _or_word(word: str) -> Callable[[str], object]:
    return lambda text: word if text.strip() == word else words(text)


TERMS_PARTS: Final[Mapping[str, Callable[[str], object]]] = {
    "fields": _or_word("all"),
    "rows": _rows,
    "purposes": _or_word("all"),
    "operations": words,
    "systems": _or_word("any"),
    "not_before": moment,
    "not_after": moment,
    "uses_max": count,
    "rows_max": count,
    "rate_per_day": count,
    "delegable": count,
    "minimum_group": count,
    "masking": _masking,
    "storage": str.strip,
    "onward": str.strip,
    "report_within": duration_ms,
    "delete_within": duration_ms,
}
"""How each part of the terms is read, in the order in which people fill them in."""

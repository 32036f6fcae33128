"""Text that looks like an identity or phone number is kept off the ledger.

Every member holds every leaf, for ever: a number that names a person cannot be taken back. Whoever
signs therefore looks through the texts of a body first. What counts:

- a resident identity number of the People's Republic of China (GB 11643: 18 characters, a date of
  birth, a check digit by ISO 7064 MOD 11-2);
- a mobile number of mainland China (11 digits from 13… to 19…, with or without 86 before it).

Full-width digits count as digits, and single spaces or hyphens between the usual groups are looked
through. A number inside a longer run of letters or digits (a digest, a key) is none, nor is one
without a true date or check digit. This is a net against accidents, not proof of absence: names,
addresses and numbers in pictures pass.

>>> find_personal_numbers({"scene": "核查 11010519491231002X", "rows": 13800138000})
(PersonalNumber(field='scene', what='identity number'),)
>>> find_personal_numbers({"items": [{"note": "call 138-0013-8000"}]})
(PersonalNumber(field='items.0.note', what='mobile number'),)
>>> find_personal_numbers({"scene": "11010519491231002X"}, PersonalNumberRule(identity=False))
()
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from msgspec import to_builtins

_ALONE = r"(?<![0-9A-Za-z])(?<![0-9]\.){number}(?![0-9A-Za-z])"
_IDENTITY: Final = re.compile(
    _ALONE.replace("{number}", r"([1-9][0-9]{5})[ -]?((?:18|19|20)[0-9]{6})[ -]?([0-9]{3}[0-9Xx])"),
    re.ASCII,
)
_MOBILE: Final = re.compile(
    _ALONE.replace("{number}", r"(?:(?:\+?86|0086)[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}"),
    re.ASCII,
)
_TO_ASCII: Final = {0xFF10 + digit: str(digit) for digit in range(10)} | {
    ord("Ｘ"): "X",
    ord("ｘ"): "x",
    ord("－"): "-",
    ord("＋"): "+",
    0x3000: " ",
    0x00A0: " ",
}
_WEIGHTS: Final = tuple(2**place % 11 for place in range(17, 0, -1))
_CHECK_DIGITS: Final = "10X98765432"


@dataclass(frozen=True, slots=True)
class PersonalNumberRule:
    """What to look for, and where not to look: `exempt` names members of any depth, as in JSON."""

    identity: bool = True
    mobile: bool = True
    exempt: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PersonalNumber:
    """Where a number was seen, and of which sort; never the number itself."""

    field: str
    what: str


REFUSE_ALL: Final = PersonalNumberRule()
PERSONAL_DATA: Final = "personal-data"
"""The code of the refusal, in problems and errors."""


def find_personal_numbers(
    body: object, rule: PersonalNumberRule = REFUSE_ALL
) -> tuple[PersonalNumber, ...]:
    """The texts of `body` (a struct, or what JSON can hold) that hold such a number, in order."""
    return tuple(
        PersonalNumber(".".join(path), what)
        for path, text in _texts(to_builtins(body), (), rule.exempt)
        if (what := _what_is_in(text, rule)) is not None
    )


def places_of(found: tuple[PersonalNumber, ...]) -> str:
    """Where the numbers are, for a message."""
    return ", ".join(f"{one.field} ({one.what})" for one in found)


def is_identity_number(region: str, born: str, rest: str) -> bool:
    """Whether the three groups of an identity number have a true date and check digit.

    >>> is_identity_number("110105", "19491231", "002X")
    True
    >>> is_identity_number("110105", "19491231", "0021")
    False
    """
    digits = region + born + rest[:3]
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return _CHECK_DIGITS[total % 11] == rest[3].upper() and _is_date(born)


def _is_date(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def _what_is_in(text: str, rule: PersonalNumberRule) -> str | None:
    plain = text if text.isascii() else text.translate(_TO_ASCII)
    if rule.identity and any(is_identity_number(*seen) for seen in _IDENTITY.findall(plain)):
        return "identity number"
    if rule.mobile and _MOBILE.search(plain):
        return "mobile number"
    return None


def _texts(
    value: object, path: tuple[str, ...], exempt: frozenset[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in exempt:
                yield from _texts(inner, (*path, str(name)), exempt)
    elif isinstance(value, Sequence):
        for place, inner in enumerate(value):
            yield from _texts(inner, (*path, str(place)), exempt)

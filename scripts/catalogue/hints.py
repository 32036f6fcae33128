"""Guesses that save typing, each to be checked by whoever knows the data.

>>> personal_hint("手机号码", ())
('personal', 'named like a phone number')
>>> personal_hint("tailnum", ("N14228",))
('none', '')
>>> personal_hint("note", ("call 138-0013-8000",))
('personal', 'holds what looks like a mobile number')
>>> personal_hint("idno", ())
('sensitive', 'named like an identity number')
>>> dataset_id("Hospital Visits 2026", "health-")
'health-hospital-visits-2026'
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Literal

from node.client.personal import find_personal_numbers

Personal = Literal["none", "personal", "sensitive"]
_ID_CHARS_MAX: Final = 63
_SENSITIVE: Final = (
    (
        r"身份证|证件号|(^|_)(id_?card|id_?(no|num|number)($|_)|identity|sfzh?($|_)|ssn|passport)",
        "an identity number",
    ),
    (r"银行|卡号|(^|_)(iban|bank|account_?no)", "a bank account"),
    (r"病|诊断|医保|血型|(^|_)(diagnos|disease|medical|patient)", "health data"),
    (r"指纹|人脸|虹膜|(^|_)(fingerprint|biometric)", "biometric data"),
    (r"宗教|民族|(^|_)(religion|ethnic)", "religion or ethnicity"),
)
_PERSONAL: Final = (
    (r"手机|电话|(^|_)(phone|mobile|tel)($|_)", "a phone number"),
    (r"姓名|(^|_)(full|first|last|person|given|family)_?name", "the name of a person"),
    (r"邮箱|(^|_)e?mail($|_)", "an e-mail address"),
    (r"住址|地址|(^|_)(home_?)?address", "an address"),
    (r"出生|生日|(^|_)(birth|dob)", "a date of birth"),
    (r"性别|(^|_)(sex|gender)($|_)", "a sex"),
)
_AS_LONG_AS_IDENTITY: Final = re.compile(r"[1-9][0-9]{16}[0-9Xx]", re.ASCII)


def personal_hint(name: str, samples: Sequence[str]) -> tuple[Personal, str]:
    """Whether a column seems to hold personal information, and why."""
    spelt = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s.-]+", "_", name).lower()
    numbers = {found.what for found in find_personal_numbers({"sample": list(samples)})}
    if "identity number" in numbers:
        return "sensitive", "holds what looks like an identity number"
    for pattern, what in _SENSITIVE:
        if re.search(pattern, spelt):
            return "sensitive", f"named like {what}"
    for pattern, what in _PERSONAL:
        if re.search(pattern, spelt):
            return "personal", f"named like {what}"
    if numbers:
        return "personal", f"holds what looks like a {' and a '.join(sorted(numbers))}"
    if any(_AS_LONG_AS_IDENTITY.fullmatch(sample.strip()) for sample in samples):
        return "none", "is as long as an identity number, but its check digit is wrong: is it one?"
    return "none", ""


def dataset_id(name: str, prefix: str = "", taken: Sequence[str] = ()) -> str:
    """An id for the table called `name`; from its digest where no letter of it is ASCII."""
    spelt = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
    slug = re.sub(r"[^a-z0-9]+", "-", spelt).strip("-")
    slug = slug or f"table-{sha256(name.encode()).hexdigest()[:8]}"
    first = f"{prefix}{slug}"[:_ID_CHARS_MAX].rstrip("-")
    if len(first) < 2:
        first = f"{first}-data"
    following, number = first, 1
    while following in taken:
        number += 1
        following = f"{first[: _ID_CHARS_MAX - 4]}-{number}"
    return following


def title_of(name: str) -> str:
    """A name for people.

    >>> title_of("hospital_visits")
    'Hospital visits'
    """
    spaced = re.sub(r"[_\s]+", " ", name).strip()
    return spaced[:1].upper() + spaced[1:]

"""How far a rule was broken, in words: what the rules write as `measure` and `limit` of a finding.

The rules write them once, in English, into the state. They are made of few sentences, in which ids,
numbers and times stand; a language says each sentence anew.

>>> measured({"delivered {} times, {} rows": "交付 {} 次，共 {} 行"}, "delivered 1 times, 10 rows")
'交付 1 次，共 10 行'
>>> measured({}, "delivered 1 times, 10 rows")
'delivered 1 times, 10 rows'
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from ledger.times import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from scripts.explain.language import short

DURATION: Final = "{} ms"
"""A duration is told in the units that the words of this sentence name, from days to seconds."""
_UNITS_MS: Final = (DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS)
_MANY: Final = re.compile(r"(.+), (\d+) uses", re.ASCII)
_ABOVE: Final = re.compile(r"(.+), above: (\S+)", re.ASCII)


def measured(sentences: Mapping[str, str], text: str) -> str:
    """A measure in the words of a language; as it is, where the language has none for it.

    `sentences` are tried in their order. A `{}` stands for what has no space in it, a `{…}` at the
    end for the rest.
    """
    many = _MANY.fullmatch(text)
    if many is not None and ", {} uses" in sentences:
        return measured(sentences, many[1]) + sentences[", {} uses"].format(many[2])
    above = _ABOVE.fullmatch(text)
    if above is not None and ", above: {}" in sentences:
        why = measured(sentences, above[1])
        return why + sentences[", above: {}"].format(short(above[2]))
    for sentence, words in sentences.items():
        found = _pattern(sentence).fullmatch(text)
        if found is None:
            continue
        if sentence == DURATION:
            return _duration(int(found[1]), words.split())
        return words.format(*(short(one) for one in found.groups()))
    return text


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    escaped = re.escape(sentence).replace(re.escape("{…}"), "(.+)").replace(r"\{\}", r"(\S+)")
    return re.compile(escaped, re.ASCII)


def _duration(duration_ms: int, units: list[str]) -> str:
    """Days, hours, minutes and seconds, as many as there are.

    >>> _duration(93_784_005, ["天", "小时", "分", "秒"]), _duration(5, ["天", "小时", "分", "秒"])
    ('1 天 2 小时 3 分 4 秒', '0 秒')
    """
    parts: list[str] = []
    rest_ms = duration_ms
    for unit_ms, unit in zip(_UNITS_MS, units, strict=True):
        count, rest_ms = divmod(rest_ms, unit_ms)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or f"0 {units[-1]}"

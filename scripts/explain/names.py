"""What members and purposes are called on the ledger, beside their ids.

    health  →  市卫健委[health]      Health Commission[health]

Who has no name in a language, or one like its id, is told by the id alone.
"""

from dataclasses import replace
from functools import cache

from contracts.values import Member
from ledger.records.names import Names
from ledger.types import MemberId, PurposeCode
from scripts.explain.language import Language
from scripts.explain.sources import Source


def with_names(language: Language, source: Source) -> Language:
    """The language, with the names that a ledger gives."""

    @cache
    def name_of(member: MemberId) -> str:
        known = source.get(f"member/{member}")
        return _named(member, known.names if isinstance(known, Member) else None, language)

    @cache
    def purpose_of(code: PurposeCode) -> str:
        return _named(code, source.purposes().get(code), language)

    return replace(language, name_of=name_of, purpose_of=purpose_of)


def _named(code: str, names: Names | None, language: Language) -> str:
    called = None if names is None else getattr(names, language.code)
    is_like = called is None or called.lower().replace(" ", "-") == code
    return code if is_like else f"{called}[{code}]"

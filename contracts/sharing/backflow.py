"""Rules of backflow (R437 to R440): a lower level gets back what is held about its own territory.

    entry      of `permits`, provided by the province, territory in the column `area`
    city       request    rows area=3301, its own                    `backflow`, due in 10 days
    province   grant      as asked, or standing for own territories

What a city asks about itself is answered within the days of the ledger and without conditions of
its own: as far as the entry goes, but for its columns and rows. Whose territory it is follows from
the code of the jurisdiction, whose trailing zeros say nothing.
"""

from typing import Final

from msgspec.structs import replace

from contracts import findings
from contracts.catalogue import columns
from contracts.draft import Draft
from contracts.reasons import UNKNOWN_COLUMN, refuse_unless
from contracts.terms import meet, narrows
from contracts.values import EntryTerms, GrantedRight, Member, RequestedItem
from contracts.view import held, read
from ledger.records.catalogue import Entry
from ledger.records.genesis import Level
from ledger.records.sharing import Audience
from ledger.records.terms import Terms
from ledger.types import CaseId, DigestHex, MemberId

LEVELS: Final[tuple[Level, ...]] = ("national", "province", "city", "county", "township")
"""From the highest to the lowest."""
_DIGITS: Final = "0123456789"
DIVISION_DIGITS: Final = 6
"""Digits of a division's code, two each for province, city and county; three each follow below."""


def check_territory(draft: Draft, body: Entry) -> None:
    """R437: the column that says which territory a row is about is one of the entry's schema."""
    named = body.territory
    known = named is None or named in columns.column_names(draft, body.schema)
    refuse_unless(known, UNKNOWN_COLUMN, named or "", "territory")


def is_backflow(draft: Draft, terms: Terms, entry: EntryTerms) -> bool:
    """R438: a member of a lower level that asks for rows about its own territory is owed them.

    The entry says which column has the territory. The request is due an answer within days of its
    own, and is neither supplemented nor extended; an answer that is late is a finding.
    """
    if entry.territory is None:
        return False
    jurisdiction = held(draft, Member, f"member/{draft.member}").jurisdiction
    above = held(draft, Member, f"member/{entry.provider}").jurisdiction
    own = stem_of(jurisdiction.code)
    asked = next((one.prefixes for one in terms.rows if one.column == entry.territory), ())
    is_lower = LEVELS.index(jurisdiction.level) > LEVELS.index(above.level)
    return is_lower and bool(asked) and all(one.startswith(own) for one in asked)


def is_for(audience: Audience | None, asked: RequestedItem) -> bool:
    """R440: a grant that stands for own territories serves nothing but backflow."""
    return audience is None or not audience.own_territory or asked.backflow


def conditions_for(asked: RequestedItem | None, entry: EntryTerms) -> Terms:
    """What limits the answer to a request, or what is given unasked."""
    is_owed = asked is not None and asked.backflow
    return replace(entry.conditions, fields="all", rows=()) if is_owed else entry.conditions


def find_conditioned(
    draft: Draft, base: CaseId, given: Terms, asked: RequestedItem, entry: EntryTerms
) -> None:
    """R439: what a member is owed about its own territory is given as asked, ground or no ground.

    The columns and rows that the entry offers to others are no limit to it; the rest of the
    entry's conditions is. Less than that is a finding, also by a later amendment, and so is a
    refusal.
    """
    if not narrows(meet(asked.terms, conditions_for(asked, entry)), given):
        _find(draft, base, asked.member, "given with conditions")


def find_narrowed(
    draft: Draft, base: CaseId, right: GrantedRight, given: Terms, schema: DigestHex
) -> bool:
    """What was given as asked is not amended for less afterwards. Returns whether it is."""
    entry = read(draft, EntryTerms, f"entry/{right.dataset}")
    if right.request is None or entry is None:
        return False
    asked = held(draft, RequestedItem, f"request/{right.request}")
    owed = meet(asked.terms, conditions_for(asked, entry))
    owed = columns.spelled(draft, owed, asked.schema)
    is_less = asked.backflow and not narrows(owed, columns.spelled(draft, given, schema))
    if is_less:
        _find(draft, base, asked.member, "given with conditions")
    return is_less


def find_refused(draft: Draft, base: CaseId, asked: RequestedItem, ground: str | None) -> None:
    """The other half of R439."""
    _find(draft, base, asked.member, f"refused: {ground}")


def stem_of(code: str) -> str:
    """The beginning that all codes within a territory share.

    >>> stem_of("330100"), stem_of("330000"), stem_of("330102000000"), stem_of("DE-BY")
    ('3301', '33', '330102', 'DE-BY')
    """
    if len(code) < DIVISION_DIGITS or code.strip(_DIGITS):
        return code
    stem = code
    while len(stem) > DIVISION_DIGITS and stem.endswith("000"):
        stem = stem[:-3]
    while len(stem) <= DIVISION_DIGITS and stem.endswith("00"):
        stem = stem[:-2]
    return stem or code


def _find(draft: Draft, base: CaseId, claimant: MemberId, measure: str) -> None:
    findings.raise_finding(
        draft, findings.BACKFLOW_CONDITIONED, base, (draft.member,), claimant, measure=measure
    )

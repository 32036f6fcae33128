"""Rule of legal bases: what an entry rests on is looked up, where the ledger has adopted any."""

from contracts.draft import Draft
from contracts.reasons import UNKNOWN_BASIS, refuse_unless
from contracts.values import Basis
from contracts.view import read
from ledger.records.catalogue import LegalBasis


def check_basis(draft: Draft, basis: LegalBasis | None, *, needed: bool) -> None:
    """R633: a legal basis named by its code is adopted, and is of the kind that the entry says.

    Where the ledger has adopted any, what needs a basis names one by its code.
    """
    if basis is None:
        return
    if basis.code is None:
        is_free = not needed or not draft.context.ledger.legal_bases
        refuse_unless(is_free, UNKNOWN_BASIS, "name one of those adopted", "basis")
        return
    adopted = read(draft, Basis, f"basis/{basis.code}")
    fits = adopted is not None and adopted.kind == basis.kind
    refuse_unless(fits, UNKNOWN_BASIS, f"{basis.kind} {basis.code}", "basis")

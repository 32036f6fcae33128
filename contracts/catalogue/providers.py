"""Who provides a dataset: what its catalogue entry in force says."""

from contracts.reasons import UNKNOWN_ENTRY, required
from contracts.values import EntryTerms
from contracts.view import StateView, read
from ledger.types import DatasetId, MemberId


def entry_in_force(view: StateView, dataset: DatasetId) -> EntryTerms:
    """The entry of a dataset. Refuses where there is none."""
    return required(read(view, EntryTerms, f"entry/{dataset}"), UNKNOWN_ENTRY, dataset, "dataset")


def providers_of(entry: EntryTerms) -> tuple[MemberId, ...]:
    """Who may act as the provider, the lead first."""
    if entry.joint_rule == "lead":
        return (entry.provider,)
    return (entry.provider, *(one for one in entry.co_providers if one != entry.provider))

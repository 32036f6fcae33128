"""Block datasets (融合数据): data derived from data of others, by rights that allow to derive.

    flights   ←right of health─┐
                               ├─  delays-and-visits, a block that health provides
    visits    ←right of health─┘

A block offers no more than its inputs allow: its conditions narrow the meet of their terms. Fields,
masking and rows are left out of the comparison, as they speak of the inputs' own columns: what of
those may go into the block is judged column by column, and what had to be masked or left out has
been when the block was made.

A block does not end with an input's right. What it is released from then on rests on nothing, and
so do the blocks made from it: `lost_root` finds the one right that is to blame, when it is asked.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Final

from msgspec.structs import replace

from contracts import findings
from contracts.catalogue import columns
from contracts.draft import Draft
from contracts.reasons import (
    COLUMN_NOT_GRANTED,
    DERIVE_NOT_ALLOWED,
    LEVEL_TOO_LOW,
    LIMIT,
    UNKNOWN_COLUMN,
    UNKNOWN_GRANT,
    WIDER_THAN_INPUTS,
    refuse_unless,
    required,
)
from contracts.sharing.chains import Link, chain_of, ineffective
from contracts.terms import meet, narrows
from contracts.values import BLOCKS_MAX, DependentBlocks, EntryTerms, GrantedRight
from contracts.view import StateView, held, read
from ledger.records.blocks import Block, BlockInput
from ledger.records.catalogue import Entry
from ledger.records.terms import Terms
from ledger.types import CaseId, ColumnName, DatasetId, ItemId, Time

RIGHTS_WALKED_MAX: Final = 128
"""Rights looked at for one answer of `lost_root`."""


def check_block(draft: Draft, body: Entry, block: Block) -> None:
    """R322: each input of a block is a right of its provider that holds now, and allows to derive.

    Columns are mapped to columns that these rights grant. The level of the block is no lower than
    any input's; one of an input out of the catalogue counts as important.

    R323: the conditions of a block are no wider than the meet of its inputs' terms, and of the
    rights these hang from, apart from fields, masking and rows.
    """
    inputs = [(one, chain_of(draft, one.grant, _known(draft, one.grant))) for one in block.inputs]
    own = frozenset(columns.column_names(draft, body.schema))
    for one in block.inputs:
        for mapped in one.columns:
            refuse_unless(mapped.column in own, UNKNOWN_COLUMN, mapped.column, "block")
    for one, chain in inputs:
        allows = all("derive" in link.right.terms.operations for link in chain)
        holds = chain[0].right.member == draft.member and _lost(chain, draft.context.time) is None
        refuse_unless(allows and holds, DERIVE_NOT_ALLOWED, one.grant, "block")
    every = [_whole(link.right.terms) for _, chain in inputs for link in chain]
    within = narrows(_whole(body.conditions), reduce(meet, every))
    refuse_unless(within, WIDER_THAN_INPUTS, body.dataset, "conditions")
    for one, chain in inputs:
        for link in chain:
            _check_columns(draft, one, link.right)
        dataset = chain[0].right.dataset
        entry = read(draft, EntryTerms, f"entry/{dataset}")
        is_general = entry is not None and entry.level == "general"
        is_level = is_general or body.classification.level != "general"
        refuse_unless(is_level, LEVEL_TOO_LOW, dataset, "classification")


def grants_of(body: Entry) -> tuple[ItemId, ...]:
    """The rights an entry rests on; none if it is no block."""
    return () if body.block is None else tuple(one.grant for one in body.block.inputs)


def derived_columns(body: Entry) -> frozenset[ColumnName]:
    """The columns of an entry that are made from somebody's data."""
    inputs = () if body.block is None else body.block.inputs
    return frozenset(mapped.column for one in inputs for mapped in one.columns)


def depend(draft: Draft, before: EntryTerms | None, after: EntryTerms | None) -> None:
    """R324: a right knows the datasets in the catalogue that rest on it, at most 32 blocks."""
    old = () if before is None else before.inputs
    new = () if after is None else after.inputs
    for grant in old:
        if before is not None and grant not in new:
            rest = tuple(one for one in _blocks(draft, grant) if one != before.dataset)
            _keep(draft, grant, rest)
    for grant in new:
        if after is not None and grant not in old:
            blocks = _blocks(draft, grant)
            refuse_unless(len(blocks) < BLOCKS_MAX, LIMIT, f"{BLOCKS_MAX} blocks", "block")
            _keep(draft, grant, (*blocks, after.dataset))


def find_outlived(draft: Draft, grant: ItemId, right: GrantedRight) -> None:
    """R325: a right that ends while blocks in the catalogue rest on it is one finding.

    It names the first of them. What rests on that block is not marked: it is computed.
    """
    blocks = _blocks(draft, grant)
    if right.member is not None and blocks:
        more = f" and {len(blocks) - 1} more" if len(blocks) > 1 else ""
        findings.raise_finding(
            draft,
            findings.BLOCK_OUTLIVES_INPUT,
            grant,
            (right.member,),
            right.provider,
            measure=f"{blocks[0]}{more}",
            limit=f"the grant ended at {draft.context.time}",
        )


def check_release(draft: Draft, base: CaseId, entry: EntryTerms) -> None:
    """R310: a version of a block released when a right below it does not hold is a finding.

    The right may be one of its own inputs, or one that a block among its inputs rests on.
    """
    root = lost_root(draft, entry, draft.context.time)
    if root is not None:
        provider = held(draft, GrantedRight, f"grant/{root}").provider
        findings.raise_finding(
            draft,
            findings.DERIVED_WITHOUT_RIGHT,
            base,
            (entry.provider,),
            provider,
            measure=entry.dataset,
            limit=f"{root} does not hold",
        )


def lost_root(view: StateView, entry: EntryTerms, time: Time) -> ItemId | None:
    """The first right below a block that does not hold at a time: the root of what it lacks.

    Inputs come before what they rest on, and 128 rights are looked at.
    """
    walked = list(entry.inputs)
    at = 0
    while at < len(walked):
        right = held(view, GrantedRight, f"grant/{walked[at]}")
        root = _lost(chain_of(view, walked[at], right), time)
        if root is not None:
            return root
        below = read(view, EntryTerms, f"entry/{right.dataset}")
        if below is not None:
            walked += [one for one in below.inputs if one not in walked]
            del walked[RIGHTS_WALKED_MAX:]
        at += 1
    return None


def _known(draft: Draft, grant: ItemId) -> GrantedRight:
    return required(read(draft, GrantedRight, f"grant/{grant}"), UNKNOWN_GRANT, grant, "block")


def _check_columns(draft: Draft, one: BlockInput, right: GrantedRight) -> None:
    granted = right.terms.fields
    allowed = frozenset(columns.column_names(draft, right.schema) if granted == "all" else granted)
    for mapped in one.columns:
        missing = next((name for name in mapped.sources if name not in allowed), None)
        refuse_unless(missing is None, COLUMN_NOT_GRANTED, missing or "", "block")


def _whole(terms: Terms) -> Terms:
    return replace(terms, fields="all", masking=(), rows=())


def _lost(chain: Sequence[Link], time: Time) -> ItemId | None:
    """The first right of a chain that does not hold at a time."""
    for link in chain:
        begins, ends = link.right.terms.not_before, link.right.terms.not_after
        runs = (begins is None or begins <= time) and (ends is None or time <= ends)
        if not runs or ineffective((link,), time, time) is not None:
            return link.grant_id
    return None


def _blocks(view: StateView, grant: ItemId) -> tuple[DatasetId, ...]:
    dependent = read(view, DependentBlocks, f"block/{grant}")
    return () if dependent is None else dependent.datasets


def _keep(draft: Draft, grant: ItemId, datasets: tuple[DatasetId, ...]) -> None:
    if datasets:
        draft.put(f"block/{grant}", DependentBlocks(datasets=datasets))
    else:
        draft.remove(f"block/{grant}")

"""For whom a member acts: those merged into it, and the parts of others it was given by a split.

Ids stay when members are merged or split (`contracts.succession`), so whoever asks what waits for a
member, or what it may use, means what it acts for, too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec import json as msgspec_json

from contracts.succession import GENERATIONS_MAX, hand_of
from contracts.values import GrantedRight, HandedDataset, Member, StatedDelivery
from contracts.view import StateView, read
from ledger.records import Acknowledgement, Body, Delivery, Disposal, EffectReport, Usage
from ledger.types import DatasetId, ItemId, MemberId
from node.client import Client
from node.client.answers import JsonObject
from scripts.answers import read_value
from scripts.console_text import info

_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Hands:
    """Whose hand a member is.

    Attributes:
        member: the member.
        whole: those it acts for in everything, ascending; not itself.
        parts: those of which it holds some datasets, ascending.
        successors: who acts for whom, of all that are merged.
    """

    member: MemberId
    whole: tuple[MemberId, ...] = ()
    parts: tuple[MemberId, ...] = ()
    successors: Mapping[MemberId, MemberId] = field(default_factory=dict)

    @property
    def others(self) -> tuple[MemberId, ...]:
        """Everybody it acts for, in whole or in part."""
        return (*self.whole, *self.parts)

    def is_of(self, keeper: MemberId | None) -> bool:
        """Whether what somebody keeps of another member is in this hand."""
        return keeper is not None and _heir(self.successors, keeper) == self.member


def hands_of(client: Client, member: MemberId, as_at: str | None = None) -> Hands:
    """For whom a member acts, or acted; most act for nobody, and no list is read."""
    known = read_value(client, Member, f"member/{member}")
    if known is None or not (known.generation or known.keeps):
        return Hands(member)
    rows = {str(one["id"]): one for one in client.items("/v1/members", limit=_PAGE, at=as_at)}
    successors = {name: str(row["successor"]) for name, row in rows.items() if row.get("successor")}
    heirs = {name: _words(row.get("heirs")) for name, row in rows.items()}
    return Hands(
        member,
        tuple(name for name in rows if name != member and _heir(successors, name) == member),
        tuple(
            name
            for name, whose in heirs.items()
            if any(_heir(successors, one) == member for one in whose)
        ),
        successors,
    )


def listed(
    client: Client,
    path: str,
    whose: Mapping[str, MemberId | None],
    filters: Mapping[str, str | None],
) -> list[JsonObject]:
    """Rows of a list; those of the first member of `whose` with what it acts for, told as such."""
    named = next(((name, member) for name, member in whose.items() if member is not None), None)
    if named is None:
        return list(client.items(path, **filters))
    name, member = named
    hands = hands_of(client, member, filters.get("at"))
    if hands.others:
        info(f"with what {member} acts for: {', '.join(hands.others)}")
    query = {**whose, **filters}
    rows = rows_in(client, hands, lambda one: client.items(path, **{**query, name: one}))
    return [*{msgspec_json.encode(row): row for row in rows}.values()]  # two may share one case


def rows_in(
    client: Client, hands: Hands, rows_of: Callable[[MemberId], Iterable[JsonObject]]
) -> Iterator[JsonObject]:
    """The rows of a list that are a member's, and those of whom it acts for.

    Of a member that was split, the rows about datasets in this hand.
    """
    for whole in (hands.member, *hands.whole):
        yield from rows_of(whole)
    for part in hands.parts:
        yield from (row for row in rows_of(part) if is_in(client, hands, part, row.get("dataset")))


def is_in(client: Client, hands: Hands, member: MemberId, dataset: object) -> bool:
    """Whether a dataset of a member that was split is in this hand."""
    handed = read_value(client, HandedDataset, f"hand/{member}/{dataset}")
    return handed is not None and hands.is_of(handed.member)


def behind(view: StateView, member: MemberId, body: Body) -> MemberId | None:
    """In whose name a member should have said something: that of one it acts for, if it is so.

    The rules take every writer by its word: what `transport/main` uses under a right of `parks` is
    used without a right, though transport acts for parks.
    """
    for whose, dataset in _named_by(view, body):
        if whose != member and hand_of(view, whose, dataset) == member:
            return whose
    return None


def _named_by(view: StateView, body: Body) -> Iterator[tuple[MemberId, DatasetId]]:
    """Whose rights a record is about, on its signer's side, and to which datasets."""
    match body:
        case Usage(grant=str(grant)) | EffectReport(grant=grant):
            yield from _held_by(view, (grant,))
        case Disposal(grants=grants):
            yield from _held_by(view, grants)
        case Delivery(grant=grant):
            right = read(view, GrantedRight, f"grant/{grant}")
            if right is not None:
                yield right.provider, right.dataset
        case Acknowledgement(delivery=digest):
            stated = read(view, StatedDelivery, f"delivery/{digest}")
            given = stated and read(view, GrantedRight, f"grant/{stated.grant}")
            if stated and given:
                yield stated.consumer, given.dataset
        case _:
            pass


def _held_by(view: StateView, grants: Iterable[ItemId]) -> Iterator[tuple[MemberId, DatasetId]]:
    """Who has these rights, and to which datasets."""
    for grant in grants:
        right = read(view, GrantedRight, f"grant/{grant}")
        if right is not None and right.member is not None:
            yield right.member, right.dataset


def _heir(successors: Mapping[MemberId, MemberId], member: MemberId) -> MemberId:
    """The last of a line of successors, mostly the member itself."""
    for _ in range(GENERATIONS_MAX):
        member = successors.get(member, member)
    return member


def _words(value: object) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, list) else []

"""What a provider hands over under a right, and what its consumer says it received: facts."""

from typing import Annotated, Literal

from msgspec import Meta

from ledger.canonical import Canonical
from ledger.records.catalogue import VersionContent
from ledger.types import SAFE_INTEGER_MAX, Count, DigestHex, ItemId, Time

DeliveryMode = Literal["batch", "file", "service"]


class Delivery(Canonical):
    """A version handed over under a right: once, or as often as it was called during a period.

    Attributes:
        content: the version handed over, and the digest of its contents.
        count: how often it was handed over: files sent, calls answered.
        ended_at: end of the period.
        grant: the right under which it was handed over.
        mode: file, batch exchange or service interface.
        rows: rows handed over in total.
        sha256: digest of the bytes handed over; left out for the answers of a service.
        started_at: start of the period.
    """

    content: VersionContent
    count: Annotated[int, Meta(ge=1, le=SAFE_INTEGER_MAX)] = 1
    ended_at: Time
    grant: ItemId
    mode: DeliveryMode
    rows: Count
    sha256: DigestHex | None = None
    started_at: Time

    def __post_init__(self) -> None:
        if self.started_at > self.ended_at:
            raise ValueError("`startedAt` lies after `endedAt`")


class Acknowledgement(Canonical):
    """What the consumer received of one delivery; zeros say that nothing came.

    Attributes:
        count: how often something was received: files, answers.
        delivery: digest of the record in which the provider states the delivery.
        rows: rows received in total.
        sha256: digest of the bytes received, where it was taken.
    """

    count: Count = 1
    delivery: DigestHex
    rows: Count
    sha256: DigestHex | None = None

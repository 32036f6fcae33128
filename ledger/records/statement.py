"""What every record shares: an in-toto Statement v1 whose predicate carries the writer's chain.

    {"_type": "https://in-toto.io/Statement/v1",
     "predicate": {"body": {…one struct per kind…},
                   "chain": {"issuedAt", "ledger", "previous", "sequence", "writer"}},
     "predicateType": "urn:blockpool:<kind>:v1",
     "subject": [{"digest": {"sha256": …}, "name": …}, …]}

A **record digest** is SHA-256 of the payload: the canonical bytes of this statement. The chain
makes a writer's records one sequence that nobody can shorten, reorder or insert into unseen, and
ties them to one ledger.
"""

from typing import Annotated, Final, Generic, Literal, TypeVar

from msgspec import Meta, field

from ledger.canonical import Canonical
from ledger.types import Count, DigestHex, ShortText, Time, WriterId

B = TypeVar("B")
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE_PREFIX: Final = "urn:blockpool:"
PREDICATE_TYPE_SUFFIX: Final = ":v1"
SUBJECTS_MAX: Final = 256


class Chain(Canonical):
    """A record's place in its writer's chain.

    Attributes:
        issued_at: when the writer says it signed; a claim, compared with block time.
        ledger: digest of the genesis record; null in the genesis record itself.
        previous: digest of the writer's record before; null in its first.
        sequence: number of records before this one in the chain.
        writer: whose chain it is.
    """

    issued_at: Time
    ledger: DigestHex | None
    previous: DigestHex | None
    sequence: Count
    writer: WriterId


class DigestSet(Canonical):
    """in-toto DigestSet; SHA-256 is the one algorithm this version accepts.

    Attributes:
        sha256: the digest.
    """

    sha256: DigestHex


class Subject(Canonical):
    """What the record speaks of: contents, a record, the ledger (in-toto ResourceDescriptor).

    Attributes:
        digest: digest of the thing.
        name: what to call it, unique within the statement.
    """

    digest: DigestSet
    name: ShortText


class Predicate(Canonical, Generic[B]):
    """Body and chain.

    Attributes:
        body: what this kind of record says.
        chain: where it stands in its writer's chain.
    """

    body: B
    chain: Chain


class Statement(Canonical, Generic[B]):
    """One record before it is signed.

    Attributes:
        type_: the in-toto statement type.
        predicate: body and chain.
        predicate_type: `urn:blockpool:<kind>:v1`.
        subject: 1 to 256 subjects, fixed by the body (FORMAT.md, Subjects).
    """

    type_: Literal["https://in-toto.io/Statement/v1"] = field(name="_type")
    predicate: Predicate[B]
    predicate_type: ShortText
    subject: Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=SUBJECTS_MAX)]


def predicate_type(kind: str) -> str:
    """The predicate type URI of a kind.

    >>> predicate_type("usage")
    'urn:blockpool:usage:v1'
    """
    return f"{PREDICATE_TYPE_PREFIX}{kind}{PREDICATE_TYPE_SUFFIX}"


def subject_of(name: str, sha256: DigestHex) -> Subject:
    """One subject from its name and digest."""
    return Subject(digest=DigestSet(sha256=sha256), name=name)

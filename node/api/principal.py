"""Who asks, and what it may: the one type that every credential comes to.

    a line of a file of tokens ──▶ of_token ──┐
    a signed request (RFC 9421) ─▶ of_signer ─┼──▶ Principal ──▶ the scope an operation needs
    a certificate of a node (TLS) ▶ of_node ──┤
    none, where the node is open ▶ nobody ────┘

Scopes are a small closed set; each includes what stands to its right:

    node ▸ member ▸ auditor ▸ catalogue, metrics         member ▸ log         sign

| scope | may |
|---|---|
| `catalogue` | see what there is: the ledger, members, entries, versions, schemas, the checkpoint |
| `metrics` | read measurements and readiness |
| `log` | have the checkpoints of another log cosigned |
| `auditor` | read everything |
| `member` | everything, submission too |
| `node` | the same, ten times as often |
| `sign` | have statements signed; only tokens of `[local_signing]` have it |

Tiles and entry bundles hold every record, so they are for auditors, not for the catalogue.

>>> auditor = of_token("inspector", ["auditor"])
>>> auditor.may("catalogue"), auditor.may("member")
(True, False)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from ledger.types import MemberId, WriterId

Scope = Literal["auditor", "catalogue", "log", "member", "metrics", "node", "sign"]
EVERY_WRITER: Final = "*"
_INCLUDED: Final[Mapping[Scope, tuple[Scope, ...]]] = {
    "auditor": ("catalogue", "metrics"),
    "member": ("auditor", "log"),
    "node": ("member",),
}
SCOPES: Final[tuple[Scope, ...]] = tuple(
    scope
    for scope in get_args(Scope)
    if scope != "sign"  # not to be had from a file of readers
)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes:
        name: what it is called in the log, and who is counted where requests are limited.
        scopes: all it may, included ones too.
        is_known: whether it has shown a credential.
        member: the member whose key on the ledger it has shown, if it has.
        writer: as whom a token of `[local_signing]` lets sign, or `EVERY_WRITER`.
    """

    name: str
    scopes: frozenset[Scope]
    is_known: bool = True
    member: MemberId | None = None
    writer: str | None = None

    def may(self, scope: Scope) -> bool:
        """Whether it has a scope, or one that includes it."""
        return scope in self.scopes

    @property
    def widest(self) -> tuple[Scope, ...]:
        """Its scopes without those that come with another one."""
        below = {inner for scope in self.scopes for inner in included([scope]) - {scope}}
        return tuple(sorted(self.scopes - below))


def nobody(address: str, scopes: Iterable[Scope]) -> Principal:
    """Who shows no credential; `scopes` are what the node lets everybody do."""
    return Principal(address, included(scopes), is_known=False)


def of_token(name: str, scopes: Iterable[Scope]) -> Principal:
    """Who shows a token."""
    return Principal(name, included(scopes))


def of_signing_token(writer: str) -> Principal:
    """Who shows a token of `[local_signing]`: a local system that has statements signed."""
    return Principal(f"signing/{writer}", included(["sign"]), writer=writer)


def of_signer(member: MemberId, writer: WriterId | None) -> Principal:
    """Who signs requests with a key of the ledger: a writer, or with its transport key a node."""
    if writer is None:
        return of_node(member)
    return Principal(writer, included(["member"]), member=member)


def of_node(member: MemberId) -> Principal:
    """The node of a member, known by the transport key that its custodian registered."""
    return Principal(f"node/{member}", included(["node"]), member=member)


def included(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Scopes with those they include.

    >>> sorted(included(["member"]))
    ['auditor', 'catalogue', 'log', 'member', 'metrics']
    """
    found: set[Scope] = set()
    left = list(scopes)
    while left:
        scope = left.pop()
        found.add(scope)
        left += _INCLUDED.get(scope, ())
    return frozenset(found)

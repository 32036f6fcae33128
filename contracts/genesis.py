"""Rules of the genesis record (R1xx): it founds the ledger out of nothing."""

from contracts.assessment import adoption
from contracts.draft import Draft
from contracts.governance.rulebooks import RULEBOOKS
from contracts.reasons import (
    KEY_TAKEN,
    LIMIT,
    MALFORMED,
    UNKNOWN_MEMBER,
    WEAK_KEY,
    Refused,
    refuse_unless,
)
from contracts.values import Key, Ledger, Member, RoleHolders, Writer
from ledger.errors import FormatError, WeakKeyError
from ledger.keys import KeyDescription, PublicKey, parse_public_key
from ledger.records import Chain
from ledger.records.genesis import Founder, Genesis, custodian_of
from ledger.suites import ED25519, ML_DSA_44, Suite
from ledger.types import DigestHex, MemberId


def found(body: Genesis, chain: Chain, digest: DigestHex) -> Ledger:
    """R101: genesis opens the chain of the custodian of the first member that orders blocks.

    The version of the rules is one that this code can replay.
    """
    first = next(one for one in body.members if one.log_keys is not None)
    follows_nothing = chain.sequence == 0 and chain.previous is None
    refuse_unless(
        chain.writer == custodian_of(first.id) and follows_nothing,
        MALFORMED,
        f"genesis opens the chain of {custodian_of(first.id)}",
        "chain",
    )
    refuse_unless(body.rules in RULEBOOKS, LIMIT, f"rules version {body.rules}", "rules")
    return Ledger(
        calendar=body.calendar,
        digest=digest,
        origin=body.origin,
        parameters=body.parameters,
        purposes=tuple(one.code for one in body.purposes),
        rules=body.rules,
    )


def founding_keys(body: Genesis) -> tuple[PublicKey, ...]:
    """R102: genesis is signed by the custodian key and the log keys of every founder.

    Each is strong and no two are alike.
    """
    keys = []
    for one in body.members:
        keys.append(_key(one.custodian, ED25519, one.id))
        if one.log_keys is not None:
            keys.append(_key(one.log_keys.ed25519, ED25519, one.id))
            keys.append(_key(one.log_keys.ml_dsa44, ML_DSA_44, one.id))
    refuse_unless(len({key.keyid for key in keys}) == len(keys), KEY_TAKEN, "", "members")
    return tuple(keys)


def apply_genesis(draft: Draft, body: Genesis) -> None:
    """R105: founders, roles, custodian writers, custodian and log keys come into being."""
    _check_superiors(body)
    _check_quorum(body)
    draft.put("ledger", draft.context.ledger)
    for one in body.members:
        _admit(draft, one)
    for role in sorted({role for one in body.members for role in one.roles}):
        holders = tuple(one.id for one in body.members if role in one.roles)
        draft.put(f"role/{role}", RoleHolders(members=holders))
    adoption.adopt_founding(draft, body.indicators)


def _check_superiors(body: Genesis) -> None:
    """R103: whoever has a superior in its line has one among the founders, and is not above it."""
    superiors = {one.id: one.line_superior for one in body.members}
    for member, superior in superiors.items():
        above, steps = superior, 0
        while above is not None:
            refuse_unless(above in superiors, UNKNOWN_MEMBER, above, "lineSuperior")
            refuse_unless(steps < len(superiors), MALFORMED, f"{member} is above itself")
            above, steps = superiors[above], steps + 1


def _check_quorum(body: Genesis) -> None:
    """R104: the quorum is more than two thirds of the witness members; without them it is 0."""
    witnesses = sum("witness" in one.roles for one in body.members)
    quorum = body.parameters.quorum
    enough = quorum == 0 if witnesses == 0 else 3 * quorum > 2 * witnesses
    refuse_unless(
        enough and quorum <= witnesses, LIMIT, f"{witnesses} witnesses", "parameters.quorum"
    )


def _admit(draft: Draft, one: Founder) -> None:
    custodian = parse_public_key(one.custodian).keyid
    writer = custodian_of(one.id)
    log_keys: tuple[DigestHex, ...] = ()
    if one.log_keys is not None:
        for description in (one.log_keys.ed25519, one.log_keys.ml_dsa44):
            keyid = parse_public_key(description).keyid
            log_keys += (keyid,)
            log_key = Key(function="log", key=description, lineage=0, member=one.id, since=0)
            draft.put(f"key/{keyid}", log_key)
    draft.put(
        f"member/{one.id}",
        Member(
            code=one.code,
            custodian=custodian,
            endpoint=one.endpoint,
            jurisdiction=one.jurisdiction,
            line_superior=one.line_superior,
            log_keys=log_keys,
            names=one.names,
            roles=one.roles,
        ),
    )
    draft.put(
        f"key/{custodian}",
        Key(
            function="custodian",
            key=one.custodian,
            lineage=0,
            member=one.id,
            since=0,
            writer=writer,
        ),
    )
    draft.put(
        f"writer/{writer}", Writer(appointed_by=draft.record, families=("keys",), key=custodian)
    )


def _key(description: KeyDescription, suite: Suite, member: MemberId) -> PublicKey:
    try:
        key = parse_public_key(description)
    except (FormatError, WeakKeyError) as error:
        raise Refused(WEAK_KEY, f"{member}: {error}", "members") from error
    refuse_unless(key.suite is suite, WEAK_KEY, f"{member}: not {suite.name}", "members")
    return key

"""Rules of the genesis record (R1xx): it founds the ledger out of nothing."""

from contracts.context import Context
from contracts.draft import Draft
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

RULES_VERSIONS = (1,)
"""Versions of the rules this code can replay."""


def found(body: Genesis, chain: Chain, digest: DigestHex) -> Ledger:
    """What genesis fixes for good. Raises `Refused`."""
    refuse_unless(body.rules in RULES_VERSIONS, LIMIT, f"rules version {body.rules}", "rules")
    first = next(one for one in body.members if one.log_keys is not None)
    follows_nothing = chain.sequence == 0 and chain.previous is None
    refuse_unless(
        chain.writer == custodian_of(first.id) and follows_nothing,
        MALFORMED,
        f"genesis opens the chain of {custodian_of(first.id)}",
        "chain",
    )
    return Ledger(
        calendar=body.calendar,
        digest=digest,
        origin=body.origin,
        parameters=body.parameters,
        purposes=tuple(one.code for one in body.purposes),
        rules=body.rules,
    )


def founding_keys(body: Genesis) -> tuple[PublicKey, ...]:
    """The keys that must sign genesis: every founder's custodian and log keys. Raises `Refused`."""
    keys = []
    for one in body.members:
        keys.append(_key(one.custodian, ED25519, one.id))
        if one.log_keys is not None:
            keys.append(_key(one.log_keys.ed25519, ED25519, one.id))
            keys.append(_key(one.log_keys.ml_dsa44, ML_DSA_44, one.id))
    refuse_unless(len({key.keyid for key in keys}) == len(keys), KEY_TAKEN, "", "members")
    return tuple(keys)


def apply_genesis(draft: Draft, body: Genesis) -> None:
    """R101-R104: members, roles, custodian writers, custodian and log keys come into being."""
    known = {one.id for one in body.members}
    for one in body.members:
        superior = one.line_superior
        refuse_unless(superior is None or superior in known, UNKNOWN_MEMBER, one.id, "lineSuperior")
    _check_quorum(body)
    draft.put("ledger", draft.context.ledger)
    for one in body.members:
        _admit(draft, draft.context, one)
    for role in sorted({role for one in body.members for role in one.roles}):
        holders = tuple(one.id for one in body.members if role in one.roles)
        draft.put(f"role/{role}", RoleHolders(members=holders))


def _check_quorum(body: Genesis) -> None:
    """R102: the quorum is more than two thirds of the witness members; without them it is 0."""
    witnesses = sum("witness" in one.roles for one in body.members)
    quorum = body.parameters.quorum
    enough = quorum == 0 if witnesses == 0 else 3 * quorum > 2 * witnesses
    refuse_unless(
        enough and quorum <= witnesses, LIMIT, f"{witnesses} witnesses", "parameters.quorum"
    )


def _admit(draft: Draft, context: Context, one: Founder) -> None:
    custodian = parse_public_key(one.custodian).keyid
    writer = custodian_of(one.id)
    log_keys: tuple[DigestHex, ...] = ()
    if one.log_keys is not None:
        for description in (one.log_keys.ed25519, one.log_keys.ml_dsa44):
            keyid = parse_public_key(description).keyid
            log_keys += (keyid,)
            draft.put(
                f"key/{keyid}",
                Key(function="log", key=description, member=one.id, since=context.index),
            )
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
            member=one.id,
            since=context.index,
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

"""The founding of a ledger on its way from a description to the first leaf.

    genesis.toml      what the founders agree on, written by hand (`TEMPLATE`)
    genesis.json      the record: a DSSE envelope that collects the founders' signatures

Names in the description are those of FORMAT.md; a key is the path of its `.pub` file, relative to
the description, so that each department sends its public key and nobody copies digits. Sets may
stand in any order. While signatures are missing, the second file is no envelope a ledger would
read; with the last one it is, byte for byte, leaf 0.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from msgspec import DecodeError, MsgspecError, Struct, convert, to_builtins
from msgspec.json import Decoder
from msgspec.json import decode as decode_json
from msgspec.json import encode as encode_json

from contracts.assessment.seed import SEED
from contracts.genesis import founding_keys
from contracts.reasons import Refused
from ledger.canonical import decode
from ledger.envelope import PAYLOAD_TYPE, Envelope, Signature, pae, parse_envelope, sign_envelope
from ledger.errors import FormatError, VerificationError
from ledger.hashing import sha256
from ledger.keys import KeyDescription, PublicKey, Signer, parse_public_key
from ledger.policy import Policy, own_policy
from ledger.records import Chain, Genesis, encode_statement, new_statement, parse_statement
from ledger.records.genesis import custodian_of
from ledger.types import DigestHex, KeyId, Time
from scripts.patterns import in_words

TEMPLATE: Final = """\
# The founding of a ledger: fill this in, then
#   blockpool genesis new genesis.toml --out genesis.json
# and let every founder sign genesis.json with its custodian key, the operator with the log keys.

origin = "pool.example/city"             # the ledger's name in checkpoints: a URL without scheme
indicators = "seed"                      # what members are assessed by; or a list, or left out

# Purposes for which data may be asked and used; a code covers those that continue it after a dot.
[[purposes]]
code = "public-service"
names = { en = "public services", zh = "公共服务" }

[[purposes]]
code = "supervision"
names = { en = "supervision", zh = "监管" }

# Founders, 1 to 12; a vote of the committee admits the others. Without a committee, nothing that is
# said here ever changes. Roles: auditor, committee, government, sequencer, steward, witness.
# Levels: national, province, city, county, township.
[[members]]
id = "data-bureau"
code = "unified code of the organisation"
names = { en = "Data Bureau", zh = "数据局" }
jurisdiction = { code = "110000", level = "city" }
roles = ["committee", "government", "sequencer", "steward"]
custodian = "keys/data-bureau-custodian.pub"        # blockpool keys new data-bureau-custodian
# Only the member that orders records has log keys:
logKeys = { ed25519 = "keys/log.pub", mlDsa44 = "keys/log-pq.pub" }

[[members]]
id = "health"
code = "unified code of the organisation"
names = { en = "Health Commission", zh = "卫生健康委员会" }
jurisdiction = { code = "110000", level = "city" }
roles = ["committee"]
custodian = "keys/health-custodian.pub"

[[members]]
id = "audit-office"
code = "unified code of the organisation"
names = { en = "Audit Office", zh = "审计局" }
jurisdiction = { code = "110000", level = "city" }
roles = ["auditor", "committee"]
custodian = "keys/audit-office-custodian.pub"

# Deadlines in working days; what is left out is as shown.
[parameters]
answerConditionalDays = 10
answerUnconditionalDays = 1
replyDays = 10
reviewDays = 2
backflowDays = 10       # to answer a lower level that asks about its own territory
emergencyDays = 10      # to ask for what was given in an emergency
# These are asked of nobody if they are left out.
answersWeighed = true   # to refuse on grounds that fit the catalogue, to hand over nothing stale
assessmentDays = 30     # to object to a figure after its period; then it is final
breachBars = true       # to take nothing up under standing grants after a breach of one's own
confirmDays = 250       # to confirm all one's entries again
disposalDays = 5        # to state that data was deleted when its right was over
effectDays = 250        # to report what a right achieved
extensionAsks = 1       # how often more time to answer one request may be asked for
openRequests = 4        # how many requests of one member for one dataset may wait
fieldUseDays = 250      # to use every column that was granted
reconcileDays = 10      # to report what both sides of a service count of a month
rectifyDays = 20        # to put right what was confirmed against one
supplyDays = 20         # to hand over what was granted
updateDays = 5          # to release a version once its period is over
useDays = 250           # to use a right that has come into force
useReportDays = 20      # to report the first use of what was handed over

# Working days; in years not covered Monday to Friday.
[calendar]
utcOffsetMinutes = 480
"""


_MEMBER: Final = re.compile(r"members\[([0-9]+)\]\.?(.*)", re.ASCII | re.DOTALL)
_SEED: Final = "seed"
"""In the place of a list: the indicators of `contracts.assessment.seed`."""


class _Draft(Struct, rename="camel", forbid_unknown_fields=True):
    """An envelope that may still lack signatures."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]


_draft = Decoder(_Draft)
_key_description = Decoder(KeyDescription)


@dataclass(frozen=True, slots=True)
class Founding:
    """A genesis record and the signatures it has so far; every one of them holds."""

    body: Genesis
    payload: bytes
    signatures: tuple[Signature, ...]

    @property
    def ledger(self) -> DigestHex:
        """The digest that names the ledger."""
        return sha256(self.payload).hex()

    @property
    def signed_by(self) -> frozenset[str]:
        """Ids of the keys that have signed."""
        return frozenset(one.keyid for one in self.signatures)

    @property
    def signatories(self) -> tuple[tuple[str, PublicKey], ...]:
        """Everybody who must sign: `member/custodian` or `member/log SUITE`, and the key."""
        named = []
        for one in self.body.members:
            named.append((custodian_of(one.id), one.custodian))
            if one.log_keys is not None:
                named.append((f"{one.id}/log ed25519", one.log_keys.ed25519))
                named.append((f"{one.id}/log ml-dsa-44", one.log_keys.ml_dsa44))
        return tuple((name, parse_public_key(key)) for name, key in named)

    @property
    def is_complete(self) -> bool:
        """Whether nobody's signature is missing."""
        return all(key.keyid in self.signed_by for _, key in self.signatories)

    def policy(self) -> Policy:
        """Whom to believe, as the founders agreed: the log keys of this record."""
        return own_policy(self.body)


def read_description(path: Path) -> Genesis:
    """The body described in a TOML or JSON file. Raises `FormatError`, naming the member."""
    described = _load(path)
    _sort(described, "purposes", "code")
    _sort(described, "members", "id")
    if described.get("indicators") == _SEED:
        described["indicators"] = to_builtins(SEED)
    _sort(described, "indicators", "id")
    for member in described.get("members", ()):
        if isinstance(member, dict):
            _read_keys(member, path.parent)
            if isinstance(roles := member.get("roles"), list):
                member["roles"] = sorted(set(roles))
    try:
        body = convert(described, Genesis)
        founding_keys(body)  # refuses weak, repeated and unsuitable keys before anybody signs
    except (MsgspecError, Refused) as error:
        raise FormatError(f"{path}: {_told(str(error), described)}") from error
    return body


def _told(message: str, described: Mapping[str, Any]) -> str:
    """What is wrong in words, and the member by its id: its place is that after sorting."""
    what, _, path = message.partition(" - at `$.")
    said = in_words(what, Genesis, path.rstrip("`"))
    if not path:
        return said
    if (match := _MEMBER.match(path)) is None:
        return f"{said}, at {path.rstrip('`')}"
    member = described["members"][int(match[1])]
    name = member.get("id", match[1]) if isinstance(member, dict) else match[1]
    return f"{said}, at {match[2].rstrip('`')} of the member {name}"


def found(body: Genesis, issued_at: Time) -> Founding:
    """The record nobody has signed yet."""
    first = next(one for one in body.members if one.log_keys is not None)
    chain = Chain(
        issued_at=issued_at,
        ledger=None,
        previous=None,
        sequence=0,
        writer=custodian_of(first.id),
    )
    payload = encode_statement(new_statement(body, chain))
    parse_statement(payload)
    return Founding(body, payload, ())


def sign(founding: Founding, key: Signer) -> Founding:
    """With one more signature. Raises `VerificationError` for a key nobody waits for."""
    expected = {public.keyid for _, public in founding.signatories}
    if key.public_key.keyid not in expected:
        raise VerificationError("this key is none of the founders' custodian or log keys")
    (signature,) = sign_envelope(founding.payload, [key]).signatures
    others = [one for one in founding.signatures if one.keyid != signature.keyid]
    every = sorted((*others, signature), key=lambda one: one.keyid)
    return Founding(founding.body, founding.payload, tuple(every))


def encode_founding(founding: Founding) -> bytes:
    """The file; once it is complete, the canonical envelope."""
    return encode_json(
        _Draft(
            payload=founding.payload,
            payload_type=PAYLOAD_TYPE,
            signatures=founding.signatures,
        )
    )


def parse_founding(data: bytes) -> Founding:
    """The record in a file. Raises `FormatError`, or `VerificationError` for a bad signature."""
    draft = decode(data.strip(), _draft)
    kind, statement = parse_statement(draft.payload)
    body = statement.predicate.body
    if not isinstance(body, Genesis):
        raise FormatError(f"this is a {kind.name} record, not a genesis record")
    founding = Founding(body, draft.payload, draft.signatures)
    keys = {key.keyid: key for _, key in founding.signatories}
    message = pae(draft.payload)
    for one in draft.signatures:
        key = keys.get(KeyId(one.keyid))
        if key is None:
            raise VerificationError(f"signed by {one.keyid[:8]}…, which is no founder's key")
        key.verify(one.sig, key.suite.envelope_message(message))
    return founding


def read_founding(path: Path) -> Founding:
    """The record in a file. Raises as `parse_founding`, naming the file."""
    try:
        return parse_founding(path.read_bytes())
    except FormatError as error:
        raise FormatError(f"{path} is no genesis record: {error}") from error


def leaf_of(founding: Founding) -> Envelope:
    """The first leaf of the ledger. Raises `FormatError` while signatures are missing."""
    missing = [name for name, key in founding.signatories if key.keyid not in founding.signed_by]
    if missing:
        raise FormatError(f"signatures are missing: {', '.join(missing)}")
    return parse_envelope(encode_founding(founding))


def _load(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        return decode_json(text, type=dict) if path.suffix == ".json" else tomllib.loads(text)
    except (tomllib.TOMLDecodeError, DecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"{path} is neither TOML nor, as .json, JSON: {error}") from error


def _sort(described: dict[str, Any], name: str, by: str) -> None:
    listed = described.get(name)
    if isinstance(listed, list):
        listed.sort(key=lambda one: str(one.get(by, "")) if isinstance(one, dict) else "")


def _read_keys(member: dict[str, Any], folder: Path) -> None:
    """Puts key descriptions in the place of the paths of `.pub` files."""
    _read_key(member, "custodian", folder)
    log_keys = member.get("logKeys")
    if isinstance(log_keys, dict):
        for name in ("ed25519", "mlDsa44"):
            _read_key(log_keys, name, folder)


def _read_key(holder: dict[str, Any], name: str, folder: Path) -> None:
    path = holder.get(name)
    if isinstance(path, str):
        description = decode((folder / path).read_bytes(), _key_description)
        holder[name] = to_builtins(description)

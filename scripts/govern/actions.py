"""What is put to the vote, as people write it: a file with one action, or a table of members.

    { "act": "suspend-member", "member": "health" }

    id,code,custodian,en,zh,jurisdiction,level,superior,roles,authorisation,endpoint
    housing,11330001,keys/housing.pub,Housing,住房局,330100,city,,,letters/housing.pdf,

A custodian key and an authorisation are files beside the table; of the second the ledger keeps the
digest alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from msgspec import Struct
from msgspec import json as msgspec_json
from msgspec.json import Decoder

from contracts.governance.actions import replaced_key
from ledger.canonical import decode
from ledger.errors import FormatError
from ledger.hashing import sha256
from ledger.records.actions import AdoptedBasis
from ledger.records.genesis import Jurisdiction, Names, Purpose
from ledger.records.governance import Action, Admission, AdmitMembers, Matter, Premise
from node.client import Client
from scripts.csv_rows import read_csv
from scripts.govern.acts import DECIDED, VOTED, takes
from scripts.sealed_text import document_digest
from scripts.signers import read_public_key
from scripts.spelling import SpellingError, build, did_you_mean, spelling_error, words

COLUMNS: Final = (
    "id", "code", "custodian", "en", "zh", "jurisdiction", "level", "superior", "roles",
    "authorisation", "endpoint",
)  # fmt: skip
BASES_COLUMNS: Final = ("code", "kind", "reference", "en", "zh")
PURPOSES_COLUMNS: Final = ("code", "en", "zh")
NEEDED: Final = ("id", "code", "custodian", "jurisdiction", "level", "authorisation")
_LIST: Final = "all acts: blockpool govern actions"
S = TypeVar("S", bound=Struct)
T = TypeVar("T")


class _Named(Struct):
    """What any action says of itself."""

    act: str


_named: Final = Decoder(_Named)
_action: Final[Decoder[Action]] = Decoder(Action)
_matter: Final[Decoder[Matter]] = Decoder(Matter)


def read_action(path: Path) -> Action:
    """The action in a JSON file, as FORMAT.md has it. Raises `SpellingError`."""
    return _decode(path, _action, VOTED)


def read_matter(path: Path) -> Matter:
    """What the government decides, in a JSON file. Raises `SpellingError`."""
    return _decode(path, _matter, DECIDED)


def _decode(path: Path, decoder: Decoder[T], acts: Mapping[str, type[Struct]]) -> T:
    """Whoever errs is told the file, the act, the member at fault and what the act takes."""
    data = path.read_bytes()
    try:
        act = decode(data, _named).act
    except FormatError as error:
        raise SpellingError(f"{path} is no action: {error}; {_LIST}") from error
    if act not in acts:
        what = "nothing that the government decides" if act in VOTED else "no act"
        raise SpellingError(f"{path}: `{act}` is {what}{did_you_mean(act, acts)}; {_LIST}")
    try:
        return decode(data, decoder)
    except FormatError as error:
        said = spelling_error(error, acts[act])
        where = f"{said.member}: " if said.member else ""
        told = f"{path}: {act}: {where}{said}; it takes {takes(acts[act])}"
        raise SpellingError(told) from error


def read_admissions(path: Path) -> AdmitMembers:
    """The members of a table. Raises `SpellingError` that names the line."""
    header, rows = read_csv(path)
    unknown = [name for name in header if name and name not in COLUMNS]
    missing = [name for name in NEEDED if name not in header]
    if unknown or missing:
        wrong = f"no column {missing[0]}" if missing else f"an unknown column {unknown[0]}"
        raise SpellingError(f"{path}: {wrong}; known are {', '.join(COLUMNS)}")
    admitted = []
    for line, row in rows:
        try:
            admitted.append(_admission(row, path.parent))
        except SpellingError as error:
            raise SpellingError(f"{path}, line {line}: {error}", error.member) from error
    members = tuple(sorted(admitted, key=lambda one: one.id))
    return build(AdmitMembers, members=members)


def read_bases(path: Path) -> tuple[AdoptedBasis, ...]:
    """The legal bases of a table. Raises `SpellingError` that names the line."""
    return tuple(sorted(_coded(path, AdoptedBasis, BASES_COLUMNS), key=lambda one: one.code))


def read_purposes(path: Path) -> tuple[Purpose, ...]:
    """The purposes of a table. Raises `SpellingError` that names the line."""
    return tuple(sorted(_coded(path, Purpose, PURPOSES_COLUMNS), key=lambda one: one.code))


def _coded(path: Path, kind: type[S], columns: Sequence[str]) -> Iterator[S]:
    """The rows of a table of what has a code and is called something, `en` and `zh` last."""
    header, rows = read_csv(path)
    missing = [name for name in columns[:-2] if name not in header]
    if missing:
        raise SpellingError(f"{path}: no column {missing[0]}; known are {', '.join(columns)}")
    for line, row in rows:
        try:
            names = build(Names, en=row.get("en") or None, zh=row.get("zh") or None)
            yield build(kind, names=names, **{name: row[name] for name in columns[:-2]})
        except SpellingError as error:
            raise SpellingError(f"{path}, line {line}: {error}", error.member) from error


def premises_for(client: Client, action: Action, keys: list[str]) -> tuple[Premise, ...]:
    """The values under these keys as they are, and the one that the action replaces."""
    replaced = replaced_key(action)
    every = {*keys, replaced} if replaced else {*keys}
    return tuple(_premise(client, key) for key in sorted(every))


def _premise(client: Client, key: str) -> Premise:
    raw = bytes(client.state(key).value)
    canonical = msgspec_json.encode(msgspec_json.decode(raw), order="deterministic")
    value = None if raw == b"null" else sha256(canonical).hex()
    return build(Premise, key=key, value=value)


def _admission(row: dict[str, str], folder: Path) -> Admission:
    key, letter = folder / row["custodian"], folder / row["authorisation"]
    return build(
        Admission,
        authorisation=document_digest(str(letter) if letter.is_file() else row["authorisation"]),
        code=row["code"],
        custodian=read_public_key(key).description,
        endpoint=row.get("endpoint") or None,
        id=row["id"],
        jurisdiction=Jurisdiction(code=row["jurisdiction"], level=row["level"]),  # type: ignore[arg-type]  # checked by `build`
        line_superior=row.get("superior") or None,
        names=build(Names, en=row.get("en") or None, zh=row.get("zh") or None),
        roles=words(row.get("roles", "")),
    )

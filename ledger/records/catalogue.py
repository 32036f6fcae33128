"""Schemas, catalogue entries and releases."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.canonical import Canonical, encode, require_ascending, restore_defaults
from ledger.hashing import sha256
from ledger.records.blocks import Block
from ledger.records.terms import Terms
from ledger.running_digest import EMPTY_RUN, run_of
from ledger.types import (
    CaseId,
    ColumnName,
    Count,
    DatasetId,
    DigestHex,
    LongText,
    MemberId,
    ShortText,
    Slug,
    Time,
    Version,
)

BasisKind = Literal["decision", "law", "other", "regulation"]
COLUMNS_PER_PART_MAX: Final = 256
COLUMNS_PER_SCHEMA_MAX: Final = 1_024
FILES_MAX: Final = 128
"""Files that a release lists by itself; a longer list is a manifest."""
RELEASES_PER_RECORD_MAX: Final = 64


class Column(Canonical):
    """One data item of a schema.

    Attributes:
        description: what it means.
        name: its name in the data.
        nullable: whether it may be missing.
        personal: whether it holds personal or sensitive personal information.
        standard: code of the adopted data standard it follows.
        title: its name for people.
        type: its logical type.
        unit: unit of measure.
    """

    description: LongText | None = None
    name: ColumnName
    nullable: bool = False
    personal: Literal["none", "personal", "sensitive"] = "none"
    standard: ShortText | None = None
    title: ShortText | None = None
    type: Literal[
        "binary",
        "boolean",
        "date",
        "decimal",
        "float",
        "integer",
        "other",
        "text",
        "time",
        "timestamp",
    ]
    unit: ShortText | None = None


def schema_digest(columns: Iterable[Column], run: DigestHex = EMPTY_RUN) -> DigestHex:
    """The running digest over the canonical encodings of columns in order, continued from `run`."""
    return run_of((sha256(encode(column)).hex() for column in columns), run)


class Schema(Canonical):
    """A part of a schema version: its columns from `first` on.

    A schema is named by the running digest of its columns (FORMAT.md, Schema digest). Parts come in
    order; it can be used when the last one has arrived and the digest matches.

    Attributes:
        columns: 1 to 256 columns.
        first: number of columns before this part.
        schema: digest of the whole schema.
        total: number of columns of the whole schema, up to 1,024.
    """

    columns: Annotated[tuple[Column, ...], Meta(min_length=1, max_length=COLUMNS_PER_PART_MAX)]
    first: Count
    schema: DigestHex
    total: Annotated[int, Meta(ge=1, le=COLUMNS_PER_SCHEMA_MAX)]


class Mode(Canonical):
    """How the data is supplied.

    Attributes:
        endpoint: address of a service interface.
        kind: file, batch exchange or service interface.
        version: version of a service interface.
    """

    endpoint: ShortText | None = None
    kind: Literal["batch", "file", "service"]
    version: ShortText | None = None


class Classification(Canonical):
    """Data classification and grading (GB/T 43697).

    Attributes:
        category: category code.
        level: general, important or core.
        state_secret: whether it is a state secret.
    """

    category: Slug
    level: Literal["core", "general", "important"]
    state_secret: bool = False


class Assessments(Canonical):
    """Digests of assessments made before the data is shared.

    Attributes:
        necessity: why personal information is needed at all.
        personal_information: digest of the personal-information impact assessment.
        secrecy: digest of the secrecy review.
    """

    necessity: LongText | None = None
    personal_information: DigestHex | None = None
    secrecy: DigestHex | None = None


class Responsible(Canonical):
    """The member responsible at each stage; the provider where none is named.

    Attributes:
        collect: collection.
        destroy: destruction.
        process: processing.
        share: sharing.
        store: storage.
        transfer: transfer.
        use: use.
    """

    collect: MemberId | None = None
    destroy: MemberId | None = None
    process: MemberId | None = None
    share: MemberId | None = None
    store: MemberId | None = None
    transfer: MemberId | None = None
    use: MemberId | None = None


class LegalBasis(Canonical):
    """The law, regulation or decision something rests on.

    Attributes:
        code: its code, where the ledger has adopted legal bases.
        kind: law, administrative regulation, government decision, or another document.
        reference: where it stands.
    """

    code: Slug | None = None
    kind: BasisKind
    reference: ShortText


class Entry(Canonical):
    """A catalogue entry: what a dataset is and on what conditions it is shared.

    Attributes:
        assessments: assessments made.
        basis: legal basis of the sharing class.
        block: what it is made of, if it is a block dataset.
        classification: category and level.
        co_providers: members that provide it jointly, ascending.
        code: catalogue code.
        collector: member that collects it, if not the provider.
        conditions: the terms it offers.
        contact: office to ask.
        dataset: its permanent id.
        demand: the demand it meets when it comes into force.
        frequency: how often it is updated.
        joint_rule: who of joint providers may grant: any of them, or the lead alone.
        mode: how it is supplied.
        openness: whether it is open to the public.
        production: routine, or a campaign that ends.
        production_end: last day of a campaign.
        responsible: responsible member per stage.
        schema: digest of its schema.
        sharing: sharing class.
        source: where the data comes from.
        summary: what it contains.
        system: information system that holds it.
        territory: the column with the code of the territory that a row is about.
        title: its name.
    """

    assessments: Assessments = Assessments()
    basis: LegalBasis | None = None
    block: Block | None = None
    classification: Classification
    co_providers: Annotated[tuple[MemberId, ...], Meta(max_length=64)] = ()
    code: ShortText
    collector: MemberId | None = None
    conditions: Terms
    contact: ShortText | None = None
    dataset: DatasetId
    demand: CaseId | None = None
    frequency: Literal[
        "realtime", "daily", "weekly", "monthly", "quarterly", "yearly", "once", "irregular"
    ]
    joint_rule: Literal["any", "lead"] = "lead"
    mode: Mode
    openness: Literal["closed", "conditional", "open"] = "closed"
    production: Literal["campaign", "routine"] = "routine"
    production_end: Time | None = None
    responsible: Responsible = Responsible()
    schema: DigestHex
    sharing: Literal["conditional", "unconditional", "withheld"]
    source: ShortText | None = None
    summary: LongText
    system: Slug
    territory: ColumnName | None = None
    title: ShortText

    def __post_init__(self) -> None:
        restore_defaults(self)
        require_ascending("coProviders", self.co_providers)


class File(Canonical):
    """One file of a release.

    Attributes:
        bytes: its length.
        name: its name, relative to the release.
        sha256: its digest.
    """

    bytes: Count
    name: ShortText
    sha256: DigestHex


def file_list_digest(files: tuple[File, ...]) -> DigestHex:
    """Digest of several files together: SHA-256 of the canonical array of their descriptions."""
    return sha256(encode(files)).hex()


class Content(Canonical):
    """What identifies the contents of a release.

    Attributes:
        assurance: what the digest covers: the bytes, the rows in canonical form, or a watermark.
        bytes: total length of the files.
        files: the files, ascending by name, when there is more than one.
        manifest: whether the files are listed in `manifest` records.
        sha256: digest of the one file, of the canonical rows, of the file list, of the manifest or
            of the watermark.
        watermark: a position of a live table or service.
    """

    assurance: Literal["content", "rows", "watermark"]
    bytes: Count | None = None
    files: Annotated[tuple[File, ...], Meta(max_length=FILES_MAX)] = ()
    manifest: bool = False
    sha256: DigestHex
    watermark: ShortText | None = None

    def __post_init__(self) -> None:
        require_ascending("files", [one.name for one in self.files])
        if self.files and self.sha256 != file_list_digest(self.files):
            raise ValueError("`sha256` is not the digest of the list of `files`")
        if (self.assurance == "watermark") != (self.watermark is not None):
            raise ValueError("`watermark` goes with the assurance `watermark`")
        if self.manifest and (self.files or self.assurance != "content"):
            raise ValueError("`manifest` goes with the assurance `content`, without `files`")


class Quality(Canonical):
    """One quality statement: a check and what it measured.

    Attributes:
        check: what was checked.
        measure: what was measured, in words or digits.
        passed: whether the check was passed.
    """

    check: ShortText
    measure: ShortText
    passed: bool


class DatasetVersion(Canonical):
    """A version of a dataset.

    Attributes:
        dataset: the dataset.
        version: its version.
    """

    dataset: DatasetId
    version: Version


class VersionContent(Canonical):
    """A version of a dataset, and the digest of the contents meant.

    Attributes:
        dataset: the dataset.
        sha256: digest of the contents, as in the release.
        version: its version.
    """

    dataset: DatasetId
    sha256: DigestHex
    version: Version


class ReleaseItem(Canonical):
    """A new version of one dataset.

    Attributes:
        as_of: the moment the contents describe.
        content: what identifies the contents.
        corrects: the earlier version it corrects.
        dataset: the dataset.
        derived_from: versions it was made from.
        quality: quality statements.
        rows: number of rows.
        schema: digest of the schema of this version.
        version: 1 for the first, then one more each time.
    """

    as_of: Time
    content: Content
    corrects: Version | None = None
    dataset: DatasetId
    derived_from: Annotated[tuple[DatasetVersion, ...], Meta(max_length=64)] = ()
    quality: Annotated[tuple[Quality, ...], Meta(max_length=64)] = ()
    rows: Count
    schema: DigestHex
    version: Version


class Release(Canonical):
    """New versions of one or many datasets.

    Attributes:
        items: 1 to 64 versions, no two alike.
    """

    items: Annotated[
        tuple[ReleaseItem, ...], Meta(min_length=1, max_length=RELEASES_PER_RECORD_MAX)
    ]

    def __post_init__(self) -> None:
        if len({(one.dataset, one.version) for one in self.items}) != len(self.items):
            raise ValueError("`items` names a version twice")

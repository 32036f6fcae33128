"""Why the ledger refuses a record: permanent codes, in order of precedence.

The number's hundreds name the family of reasons. A record is refused for the first reason that
applies, so a writer who mends it meets the later ones next. A record that lists things is judged
thing by thing, in its order. A code is never reused or renumbered.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `can_retry`: the same intent may succeed if it is signed again later."""

    number: int
    code: str
    meaning: str
    can_retry: bool = False


class Refused(Exception):  # noqa: N818  a verdict, not a fault
    """Raised by a check, caught in `transition` alone. `fields` are the members at fault."""

    def __init__(self, reason: Reason, detail: str = "", *fields: str) -> None:
        super().__init__(f"{reason.code}: {detail or reason.meaning}")
        self.reason = reason
        self.detail = detail
        self.fields = fields


MALFORMED: Final = Reason(101, "malformed", "the bytes are not a record of a known kind")
TOO_LARGE: Final = Reason(102, "too-large", "a leaf has at most 65,535 bytes")
EVENTS_ROOT: Final = Reason(103, "events-root", "events, their root and their sums do not agree")
NOT_CANONICAL: Final = Reason(
    201, "not-canonical", "the record is not in its one canonical encoding"
)
ANOTHER_LEDGER: Final = Reason(301, "another-ledger", "the record was signed for another ledger")
UNKNOWN_WRITER: Final = Reason(401, "unknown-writer", "no such writer was ever appointed")
WRITER_ENDED: Final = Reason(
    501, "writer-ended", "the writer was ended, or its appointment ran out"
)
WEAK_KEY: Final = Reason(502, "weak-key", "the new key is malformed, weak or of another suite")
KEY_TAKEN: Final = Reason(
    503, "key-taken", "a key serves one function once; this one was seen before"
)
KEY_NOT_VALID: Final = Reason(
    504, "key-not-valid", "the signatures are not by exactly the keys this record needs"
)
BAD_SIGNATURE: Final = Reason(601, "bad-signature", "a signature does not verify")
SEQUENCE_TAKEN: Final = Reason(
    701,
    "sequence-taken",
    "the writer's chain already has another record at this place",
    can_retry=True,
)
WRONG_PREVIOUS: Final = Reason(
    801,
    "wrong-previous",
    "the record does not follow the head of the writer's chain",
    can_retry=True,
)
FAMILY_NOT_ALLOWED: Final = Reason(
    1001, "family-not-allowed", "the writer may not sign records of this family"
)
MEMBER_SUSPENDED: Final = Reason(1002, "member-suspended", "the member is suspended")
DATASET_NOT_ALLOWED: Final = Reason(
    1003, "dataset-not-allowed", "the writer may not sign records about this dataset"
)
UNKNOWN_MEMBER: Final = Reason(1101, "unknown-member", "no such member")
UNKNOWN_SCHEMA: Final = Reason(1102, "unknown-schema", "no such schema, or not yet complete")
UNKNOWN_ENTRY: Final = Reason(1103, "unknown-entry", "the dataset has no entry in force")
UNKNOWN_REQUEST: Final = Reason(1104, "unknown-request", "no such request")
UNKNOWN_GRANT: Final = Reason(1105, "unknown-grant", "no such grant")
UNKNOWN_CASE: Final = Reason(1106, "unknown-case", "no such case")
UNKNOWN_PURPOSE: Final = Reason(1107, "unknown-purpose", "the purpose code is not adopted")
UNKNOWN_COLUMN: Final = Reason(1108, "unknown-column", "the schema has no such column")
UNKNOWN_VERSION: Final = Reason(1109, "unknown-version", "no such version of the dataset")
UNKNOWN_KEY: Final = Reason(1110, "unknown-key", "no such key of a writer of the member")
UNKNOWN_STEP: Final = Reason(
    1111, "unknown-step", "the workflow of the case has no such step, or another kind takes it"
)
UNKNOWN_APPOINTEE: Final = Reason(1112, "unknown-appointee", "the member has no such writer")
UNKNOWN_RULES: Final = Reason(
    1132, "unknown-rules", "this is not the next version of the rules, or the program has it not"
)
UNKNOWN_GROUP: Final = Reason(1133, "unknown-group", "no such group")
UNKNOWN_PROPOSAL: Final = Reason(1131, "unknown-proposal", "no such proposal")
UNKNOWN_IN_CLAUSE: Final = Reason(
    1141,
    "unknown-in-clause",
    "a clause names a workflow, state or code of findings that there is not",
)
UNKNOWN_INDICATOR: Final = Reason(
    1142, "unknown-indicator", "no such indicator, or not of periods as long as this one"
)
UNKNOWN_THING: Final = Reason(
    1143, "unknown-thing", "the objection names what is not on the ledger"
)
UNKNOWN_MANIFEST: Final = Reason(
    1151, "unknown-manifest", "no such manifest of files, or not yet complete"
)
UNKNOWN_DATASET: Final = Reason(1152, "unknown-dataset", "no such dataset")
NOT_CUSTODIAN: Final = Reason(
    1201, "not-custodian", "only the member's own custodian key may do this"
)
NOT_PROVIDER: Final = Reason(1202, "not-provider", "the dataset belongs to another member")
NOT_CONSUMER: Final = Reason(1203, "not-consumer", "the right is not this member's to take")
NOT_YOUR_STEP: Final = Reason(
    1204, "not-your-step", "this step is not the writer's member's to take"
)
OWN_CASE: Final = Reason(1205, "own-case", "nobody decides a case to which it is a party")
NOT_COMMITTEE: Final = Reason(
    1231, "not-committee", "only active members of the committee propose and vote"
)
NOT_GOVERNMENT: Final = Reason(1232, "not-government", "only the government decides this")
WITHHELD: Final = Reason(1206, "withheld", "the entry withholds the data from sharing")
WIDER_THAN_CONDITIONS: Final = Reason(
    1207, "wider-than-conditions", "the terms are wider than the entry's conditions"
)
CLASSIFIED: Final = Reason(
    1208, "classified", "core data and state secrets have no place in the catalogue"
)
BASIS_MISSING: Final = Reason(
    1209,
    "basis-missing",
    "this sharing class, or personal information, needs its basis and assessment",
)
NOT_HOLDER: Final = Reason(1221, "not-holder", "the right passed on is not this member's own")
NOT_DELEGABLE: Final = Reason(1222, "not-delegable", "the right may not be passed on any further")
WIDER_THAN_ABOVE: Final = Reason(
    1223, "wider-than-above", "the terms are wider than those of a right above"
)
RIGHT_RETURNS: Final = Reason(
    1224, "right-returns", "a right is not passed back to whoever has or gave it"
)
NOT_YOUR_OFFICE: Final = Reason(
    1241, "not-your-office", "only the steward or the auditor orders this"
)
NOT_A_PARTY: Final = Reason(1242, "not-a-party", "only a party to the case may dispute it")
AGAINST_ITSELF: Final = Reason(1243, "against-itself", "nobody stands on both sides of one case")
NOT_STEWARD: Final = Reason(1251, "not-steward", "only a steward may do this")
DERIVE_NOT_ALLOWED: Final = Reason(
    1252,
    "derive-not-allowed",
    "an input of the block is not a right that holds and allows to derive",
)
WIDER_THAN_INPUTS: Final = Reason(
    1253,
    "wider-than-inputs",
    "the conditions are wider than the terms of the block's inputs together",
)
COLUMN_NOT_GRANTED: Final = Reason(
    1254, "column-not-granted", "a column is made from one that the input's right does not grant"
)
UNKNOWN_MANDATE: Final = Reason(1154, "unknown-mandate", "no such mandate")
UNKNOWN_SYSTEM: Final = Reason(1155, "unknown-system", "the member has registered no such system")
UNKNOWN_BASIS: Final = Reason(
    1153, "unknown-basis", "the ledger has not adopted this legal basis, or not of this kind"
)
BEYOND_MANDATE: Final = Reason(
    1262, "beyond-mandate", "the contractor's mandate does not reach so far"
)
IN_OTHER_HANDS: Final = Reason(
    1261, "in-other-hands", "since a split another member acts for this one about the dataset"
)
LEVEL_TOO_LOW: Final = Reason(1255, "level-too-low", "the level is lower than an input's")
NOT_ACCUSED: Final = Reason(
    1245, "not-accused", "a finding is put right by the one member that it accuses"
)
ALREADY_EXISTS: Final = Reason(1301, "already-exists", "what the record creates exists already")
WRONG_VERSION: Final = Reason(1302, "wrong-version", "the version is not the next one")
WRONG_PART: Final = Reason(1303, "wrong-part", "the part does not follow the part before it")
WRONG_STATE: Final = Reason(
    1304, "wrong-state", "what the record would move is not in a state that allows it"
)
ENTRY_CHANGED: Final = Reason(
    1305, "entry-changed", "the entry has changed since it was read", can_retry=True
)
SCHEMA_DIFFERS: Final = Reason(1306, "schema-differs", "the schema is not the one of the entry")
GROUND_MISSING: Final = Reason(1307, "ground-missing", "the step needs one of its coded grounds")
REQUEST_DIFFERS: Final = Reason(
    1308, "request-differs", "the grant answers a request for another dataset or by another member"
)
PERIOD_OVER: Final = Reason(1309, "period-over", "the period ends before it could begin")
ALLOWS_NOTHING: Final = Reason(1310, "allows-nothing", "there is no use that the terms allow")
TOO_LONG_FOR_EMERGENCY: Final = Reason(
    1311, "too-long-for-emergency", "what is given in an emergency ends within 30 days"
)
FORMALITIES_MISSING: Final = Reason(
    1312,
    "formalities-missing",
    "the formalities of an earlier emergency of this member have not been completed",
)
NOT_AN_EMERGENCY: Final = Reason(
    1313,
    "not-an-emergency",
    "the right named was not given to this member in an emergency, or is to other data",
)
NOT_EFFECTIVE: Final = Reason(1321, "not-effective", "the right, or one above it, is not in force")
REFERENCE_WRONG: Final = Reason(
    1341, "reference-wrong", "the step does not name what it must, or names what it must not"
)
NOT_CORRECTED: Final = Reason(
    1342, "not-corrected", "the release named does not correct the one in question"
)
NOT_DISPUTABLE: Final = Reason(
    1343,
    "not-disputable",
    "disputes are about requests, grants, demands and corrections with another party",
)
SYSTEM_RETIRED: Final = Reason(1351, "system-retired", "the information system is retired")
DATASET_ENDED: Final = Reason(1352, "dataset-ended", "the dataset is archived or destroyed")
DEMAND_NOT_ASSIGNED: Final = Reason(
    1381, "demand-not-assigned", "the demand named is none, or is not assigned to this member"
)
ASKED_ALREADY: Final = Reason(
    1382, "asked-already", "an extension was asked for as often as the ledger allows"
)
EVIDENCE_MISSING: Final = Reason(
    1383, "evidence-missing", "the order asks for documents, and the report names none"
)
ORDERED_ALREADY: Final = Reason(
    1384, "ordered-already", "an order about this finding is open against the member"
)
PREMISE_CHANGED: Final = Reason(
    1331,
    "premise-changed",
    "a value that the proposal rests on is another one by now",
    can_retry=True,
)
PREMISE_MISSING: Final = Reason(
    1332, "premise-missing", "what replaces a value must rest on the value it replaces"
)
NOT_PROVISIONAL: Final = Reason(1361, "not-provisional", "the figure is not there yet, or final")
LIMIT: Final = Reason(1401, "limit", "a limit of the ledger is reached")
LEDGER_WOULD_STOP: Final = Reason(
    1431, "ledger-would-stop", "nobody would be left to vote, to order blocks or to witness them"
)
TOO_MANY_OPEN: Final = Reason(
    1403,
    "too-many-open",
    "as many requests of the member for the dataset are open as the ledger allows",
    can_retry=True,
)
SPAN_IN_FUTURE: Final = Reason(
    1402, "span-in-future", "the span reported ends after block time", can_retry=True
)

REASONS: Final = tuple(
    sorted((one for one in globals().values() if isinstance(one, Reason)), key=lambda r: r.number)
)
"""Every reason, by number."""


def refuse_unless(holds: bool, reason: Reason, detail: str = "", *fields: str) -> None:  # noqa: FBT001
    """One rung of a guard ladder. Raises `Refused`."""
    if not holds:
        raise Refused(reason, detail, *fields)


def required(value: T | None, reason: Reason, detail: str = "", *fields: str) -> T:
    """A rung that looks something up: the value, or `Refused` where there is none."""
    if value is None:
        raise Refused(reason, detail, *fields)
    return value

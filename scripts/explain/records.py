"""What is told of a record.

What it says, who said it and who may, by which rules it was accepted, what it changed, what is
wrong with it.
"""

from collections.abc import Iterator

from contracts import cases
from contracts.values import Case, GivenMandate, Key, Member, Writer
from contracts.workflows import WORKFLOWS
from ledger.records import Record, Step
from ledger.records.keys import CUSTODIAN
from ledger.seal import parse_seal
from scripts.explain.cases import Section, finding_told, standing, value_told
from scripts.explain.language import Language, capitalised, in_course, short, word
from scripts.explain.rules import own_rules_of, rules_of
from scripts.explain.rulings import ENFORCING, reopened_by, rules_applied
from scripts.explain.said import said
from scripts.explain.sources import Source, Told
from scripts.explain.telling import some
from scripts.hands import behind

_CASE = "case/"
_UNTOLD = ("chain/", "due/")
"""What every record changes, and what the state of a case tells already."""


def record_explained(
    source: Source, told: Told, language: Language, *, all_rules: bool = False
) -> list[Section]:
    """All there is to tell of a record or a seal; of the rules the kind's own, or all of them."""
    record = told.record
    at = language.phrase("at", index=told.index, height=told.height, time=told.time)
    kind = "seal" if record is None else record.kind
    title = language.phrase("heading", index=told.index, kind=word(language.kinds, kind))
    if record is None:
        sections = [
            Section(title, (at, _seal(told, language))),
            Section(language.phrases["settled"], tuple(_changed(source, told, language))),
        ]
    else:
        member = record.chain.writer.partition("/")[0]
        sections = [
            Section(title, (at, record.digest)),
            Section(language.phrases["said"], tuple(said(source, record.body, member, language))),
            *_own_case(source, record, language),
            Section(language.phrases["who"], tuple(_who(source, told, record, language))),
            Section(
                language.phrases["rules"], tuple(_rules(source, told, record, language, all_rules))
            ),
            Section(language.phrases["changed"], tuple(_changed(source, told, language))),
        ]
    return [*sections, Section(language.phrases["found"], tuple(_found(source, told, language)))]


def _seal(told: Told, language: Language) -> str:
    seal = parse_seal(told.leaf).predicate
    return language.phrase(
        "seal-said",
        height=seal.height,
        time=seal.block_time,
        proposer=seal.proposer,
        count=seal.count,
    )


def _who(source: Source, told: Told, record: Record, language: Language) -> Iterator[str]:
    chain = record.chain
    member = chain.writer.partition("/")[0]
    yield language.phrase(
        "signed", writer=chain.writer, sequence=chain.sequence, time=chain.issued_at
    )
    for keyid in record.envelope.keyids:
        yield from _key(source, keyid, language)
    writer = source.then(f"writer/{chain.writer}", told)
    if isinstance(writer, Writer):
        yield _appointment(chain.writer, writer, language)
        yield from _contractor(source, writer, language)
    known = source.then(f"member/{member}", told)
    if isinstance(known, Member) and known.roles:
        roles = language.listed(language.parts, known.roles)
        yield language.phrase("role", member=language.name_of(member), roles=roles)
    if record.kind in language.entitled:
        yield language.phrase("entitled", who=language.entitled[record.kind])
    if isinstance(record.body, Step):
        yield from _parts(source, record.body, member, language)


def _key(source: Source, keyid: str, language: Language) -> Iterator[str]:
    key = source.get(f"key/{keyid}")
    if not isinstance(key, Key):
        yield language.phrase("key", key=short(keyid), since="?")
        return
    name = "key" if key.until is None else "key-until"
    yield language.phrase(name, key=short(keyid), since=key.since, until=key.until)
    if key.suspect_since is not None:
        yield language.phrase("key-suspect", since=key.suspect_since)


def _appointment(name: str, writer: Writer, language: Language) -> str:
    families = language.listed(language.families, writer.families)
    if name.partition("/")[2] == CUSTODIAN:
        return language.phrase("appointed-genesis", writer=name, families=families)
    return language.phrase(
        "appointed",
        writer=name,
        record=short(writer.appointed_by),
        families=families,
        datasets=some(writer.datasets, language) or language.phrases["all-datasets"],
    )


def _contractor(source: Source, writer: Writer, language: Language) -> Iterator[str]:
    """Whose hand it was, if it was a contractor's."""
    mandate = source.get(f"mandate/{writer.mandate}") if writer.mandate else None
    if isinstance(mandate, GivenMandate):
        names = mandate.contractor
        yield language.phrase(
            "contractor",
            code=mandate.code,
            contract=short(mandate.contract),
            contractor=names.zh or names.en,
            system=mandate.system,
            time=mandate.not_after,
        )


def _parts(source: Source, body: Step, member: str, language: Language) -> Iterator[str]:
    for case_id in body.cases:
        case = source.get(f"{_CASE}{case_id}")
        if not isinstance(case, Case):
            continue
        row = next(iter(WORKFLOWS[case.workflow].rows(body.step)), None)
        part = None if row is None else cases.entitled_as(source, case, row, member)
        if part is not None:
            told = word(language.parts, part)
            named = language.name_of(member)
            yield language.phrase("part", case=short(case_id), member=named, part=told)


def _own_case(source: Source, record: Record, language: Language) -> Iterator[Section]:
    """Where the review of an entry stands, or the vote on a proposal: the case it opened."""
    case = source.get(f"{_CASE}{record.digest}")
    if isinstance(case, Case):
        lines = tuple(standing(source, record.digest, case, language))
        yield Section(language.phrases["stands"], lines)


def _rules(
    source: Source, told: Told, record: Record, language: Language, all_rules: bool
) -> Iterator[str]:
    effect = _effect(source, record)
    every = rules_of(record.kind, effect)
    listed = every if all_rules else own_rules_of(record.kind, effect)
    if effect == ENFORCING and not all_rules:
        listed = rules_applied(source, told, listed)
    for number, text in listed:
        yield f"{number}  {capitalised(language.rules.get(number, text))}"
    if len(listed) < len(every):
        yield language.phrase("rules-more", count=len(every) - len(listed))


def _effect(source: Source, record: Record) -> str | None:
    """What a step does beside moving its case."""
    if not isinstance(record.body, Step):
        return None
    case = source.get(f"{_CASE}{record.body.cases[0]}")
    if not isinstance(case, Case):
        return None
    rows = WORKFLOWS[case.workflow].rows(record.body.step)
    return rows[0].effect if rows else None


def _changed(source: Source, told: Told, language: Language) -> Iterator[str]:
    keys = [key for key in told.changed if not key.startswith(_UNTOLD)]
    for key in keys:
        line = value_told(key, language)
        case = source.get(key) if key.startswith(_CASE) else None
        if isinstance(case, Case):
            is_reopened = reopened_by(source, told, key.removeprefix(_CASE), case) is not None
            line = language.phrase(
                "case-reopened" if is_reopened else "case-changed",
                case=line,
                workflow=word(language.workflows, case.workflow),
                state=in_course(language.states, case.workflow, case.state),
            )
        yield line
    if not keys:
        name = "settled-nothing" if told.record is None else "changed-nothing"
        yield language.phrases[name]


def _found(source: Source, told: Told, language: Language) -> Iterator[str]:
    for ref in told.findings:
        case = source.get(f"{_CASE}{ref.case}")
        if isinstance(case, Case):
            yield from finding_told(case, language)
            yield from _name_to_sign(source, told, language)
            yield from (f"  {line}" for line in standing(source, ref.case, case, language))
            yield f"  blockpool explain {ref.case}"
    if not told.findings:
        yield language.phrases["nothing-wrong"]


def _name_to_sign(source: Source, told: Told, language: Language) -> Iterator[str]:
    """In whose name it should have been said, where the signer acts for somebody."""
    record = told.record
    if record is not None:
        whose = behind(source, record.chain.writer.partition("/")[0], record.body)
        if whose is not None:
            yield language.phrase("sign-as", member=language.name_of(whose), writer=whose)

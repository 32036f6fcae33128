"""The seed's figures and the trust index in the plainest way, from what the leaves came to.

Nothing of `contracts.assessment` is used: no clauses, no things, no tables of workflows. Every
figure is written out by hand over plain JSON, as RULES.md describes it, and every question goes
through everything there is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from msgspec.json import decode

from contracts.replay import Block, BlockResult
from ledger.records import Usage, parse_record
from tests.world import World

Json = dict[str, Any]
State = Mapping[str, Json]
CONFIRMED: Final = ("confirmed", "unrectified", "rectified", "closed", "referred")
UNDECIDED: Final = ("raised", "replied", "unanswered")
ANSWERED: Final = ("granted", "refused")
CORRECTED: Final = ("corrected", "dismissed", "settled")
TIMELY: Final = {
    "backflow": ("request", "backflow-overdue", ANSWERED, True),
    "timely-answers": ("request", "answer-overdue", ANSWERED, False),
    "timely-corrections": ("correction", "correction-overdue", CORRECTED, False),
    "timely-supply": ("supply", "supply-overdue", ("supplied",), False),
    "timely-updates": ("update", "update-overdue", ("released",), False),
}
"""By indicator: the workflow, what is found when it is late, where its provider cannot be late,
and whether it is for backflow."""


@dataclass
class NaiveLedger:
    """All values after every block, as JSON, and all uses."""

    times: list[str] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    uses: list[tuple[str, str, str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, world: World) -> "NaiveLedger":
        """From the leaves of a log."""
        found = cls()
        genesis = Block(world.founding.head.time, "", (parse_record(world.leaves[0]),))
        values: dict[str, Json] = {}
        for block, result in zip([genesis, *world.blocks], world.replay(), strict=True):
            for key, value in result.values.items():
                if value is None:
                    values.pop(key, None)
                else:
                    values[key] = decode(value)
            found.times.append(block.time)
            found.states.append(dict(values))
            found.uses += _uses(block, result, values)
        return found

    def at(self, time: str) -> State:
        """The state after the last block not after a moment."""
        found: State = {}
        for when, state in zip(self.times, self.states, strict=True):
            if when <= time:
                found = state
        return found

    def figures(
        self, member: str, since: str, until: str, final: str, now: str
    ) -> dict[str, tuple[int, int]]:
        """By indicator of the seed, what counts and of how many; objections are not looked at."""
        ended = self.at(min(now, _before(until)))
        cut = min(now, _before(final))
        known = _decided(self.at(cut), self.at(now))
        found = {}
        for code, (workflow, late, done, backflow) in TIMELY.items():
            told = [
                self._is_timely(known, case_id, case, late, done, member)
                for case_id, case in _cases(known, since, until)
                if case["workflow"] == workflow and _owes(case, member)
                if _is_backflow(known, case_id) == backflow
            ]
            found[code] = told.count(True), len(told) - told.count(None)
        found["confirmed-findings"] = self._findings(known, since, until, member)
        found["catalogue-completeness"] = self._completeness(ended, member)
        found["linkage"] = self._linkage(ended, member)
        found["use-of-grants"] = self._use(known, since, until, cut, member)
        return found

    def _is_timely(
        self, state: State, case_id: str, case: Json, late: str, done: tuple[str, ...], member: str
    ) -> bool | None:
        found = [
            other["state"]
            for other_id, other in _cases(state, "", "~")
            if other_id in {f"{case_id}-{late}", *(f"{case_id}-{n}-{late}" for n in range(99))}
            and _is(other, member, "accused")
        ]
        if any(one in CONFIRMED for one in found):
            return False
        if any(one in UNDECIDED for one in found) or case["state"] not in done:
            return None
        if "standing" in state.get(f"request/{case_id}", {}):
            return None
        return True

    def _findings(self, state: State, since: str, until: str, member: str) -> tuple[int, int]:
        count = sum(
            case["workflow"] == "finding" and case["state"] in CONFIRMED
            for _, case in _cases(state, since, until)
            if _is(case, member, "accused")
        )
        return count, count

    def _completeness(self, state: State, member: str) -> tuple[int, int]:
        running = [
            key.split("/")[2]
            for key, value in state.items()
            if key.startswith(f"system/{member}/") and value["status"] == "running"
        ]
        named = [entry["system"] for _, entry in _entries(state, member)]
        return sum(one in named for one in running), len(running)

    def _linkage(self, state: State, member: str) -> tuple[int, int]:
        entries = list(_entries(state, member))
        tied = [
            dataset
            for dataset, entry in entries
            if state.get(f"system/{member}/{entry['system']}", {"status": "retired"})["status"]
            != "retired"
            and f"release/{dataset}/1" in state
        ]
        return len(tied), len(entries)

    def _use(self, state: State, since: str, until: str, cut: str, member: str) -> tuple[int, int]:
        rights = []
        for key, right in state.items():
            if not key.startswith("grant/") or right.get("member") != member:
                continue
            start, end = right.get("inForceSince"), right.get("endedAt", "~")
            if start is None:
                continue
            start = max(start, right["terms"].get("notBefore", ""))
            end = min(end, right.get("lapsesAt", "~"), right["terms"].get("notAfter", "~"))
            if start < until and end > since and start < end:
                rights.append(key.removeprefix("grant/"))
        used = {
            grant
            for said, who, grant, ended in self.uses
            if who == member and said <= cut and since <= ended < until
        }
        return sum(one in used for one in rights), len(rights)

    def trust(self, member: str, quarters: list[tuple[str, str]], now: str) -> int:
        """The index, in basis points; for workflows in which a party can be late in one way.

        Fractions are exact here; the weights are rounded as the rules say.
        """
        state, weight = self.at(now), 10_000
        good, bad = Fraction(0), Fraction(0)
        for since, until in quarters[:16]:
            met = set()
            for workflow, late, done, backflow in TIMELY.values():
                for case_id, case in _cases(state, since, until):
                    if _is_backflow(state, case_id) != backflow:
                        continue
                    is_its = case["workflow"] == workflow and _owes(case, member)
                    if is_its and self._is_timely(state, case_id, case, late, done, member):
                        met.add((workflow, _dataset(state, case["subject"])))
            good += Fraction(weight, 10_000) * len(met)
            bad += Fraction(weight, 10_000) * self._findings(state, since, until, member)[0]
            weight = weight * 8_000 // 10_000
        return int(10_000 * (good + 1) / (good + bad + 2))


def score(figures: Mapping[str, tuple[int, int]], weights: Mapping[str, int]) -> int | None:
    """The score of a member by the seed."""
    shares = {
        code: 10_000 * counted // of
        for code, (counted, of) in figures.items()
        if of and code != "confirmed-findings"
    }
    if not shares:
        return None
    mean = sum(weights[code] * share for code, share in shares.items()) // sum(
        weights[code] for code in shares
    )
    return max(0, mean - min(2_000, 100 * figures["confirmed-findings"][1]))


def _uses(block: Block, result: BlockResult, values: State) -> Iterator[tuple[str, str, str, str]]:
    for leaf in result.leaves[:-1]:
        record = parse_record(leaf)
        if isinstance(record.body, Usage) and record.body.grant:
            member, grant = record.chain.writer.split("/")[0], record.body.grant
            right = values.get(f"grant/{grant}", {"dataset": None})
            if right["dataset"] == record.body.content.dataset:
                yield block.time, member, grant, record.body.ended_at


def _cases(state: State, since: str, until: str) -> Iterator[tuple[str, Json]]:
    for key, value in state.items():
        if key.startswith("case/") and since <= value["openedAt"] < until:
            yield key.removeprefix("case/"), value


def _is_backflow(state: State, case_id: str) -> bool:
    return bool(state.get(f"request/{case_id}", {}).get("backflow"))


def _entries(state: State, member: str) -> Iterator[tuple[str, Json]]:
    for key, value in state.items():
        if key.startswith("entry/") and value["provider"] == member:
            yield key.removeprefix("entry/"), value


def _dataset(state: State, subject: str) -> str:
    """The dataset a case is about, as what it is about says."""
    value = state.get(subject, {})
    return str(value.get("dataset") or subject.split("/")[1])


def _decided(known: State, now: State) -> State:
    """A state, with every finding that was undecided in it as it is now."""
    return {
        key: now[key] if "finding" in value and value.get("state") in UNDECIDED else value
        for key, value in known.items()
    }


def _is(case: Json, member: str, part: str) -> bool:
    return {"member": member, "part": part} in case["parties"]


def _owes(case: Json, member: str) -> bool:
    """Of several providers the first, which leads, answers for what is late."""
    providers = [party["member"] for party in case["parties"] if party["part"] == "provider"]
    return providers[:1] == [member]


def _before(time: str) -> str:
    moment = datetime.fromisoformat(time) - timedelta(milliseconds=1)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"

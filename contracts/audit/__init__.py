"""The deep audit of a log: everything derived again, every doubt with its culprit.

An `Auditor` is a pure object: bytes in, a report out. It is given a checkpoint that its caller
believes (`ledger.policy.verify_policy`), then each file of the log once, in the order of `plan`,
and trusts none of them: what the ledger derives is derived again and compared.

    auditor = Auditor(opened)
    for name in auditor.plan():                      # bundles, each followed by its tiles
        auditor.take(name, read(name.path))
    report = auditor.finish()                        # report.doubts is empty, or there is a culprit

The levels (`report.Level`) are modules: `structure`, `tree`, `signatures`, `rules`. The audit goes
on after a doubt as far as it makes sense, because one flipped byte shows on several levels, and the
tree alone tells a wrong leaf from a wrong tile. Memory is bounded by the state, the largest block
and the `ahead` leaves that are read before they are decided.

Besides, the checkpoint must be signed by keys that the ledger itself registers, by all keys of one
orderer, and no line of the log's name may be by another key: a policy may know fewer keys, and
readers of signed notes ignore what they do not know.
"""

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

from msgspec.structs import replace

from contracts.audit.report import LEVELS, Doubt, DoubtError, Level, Report, WriterHead
from contracts.audit.rules import Rules, Watch, look_away
from contracts.audit.signatures import (
    Signatures,
    StartVerification,
    Verification,
    verify_when_awaited,
)
from contracts.audit.structure import ReadBlock, Structure, Tally
from contracts.audit.tree import (
    BundleLeaves,
    TreeCheck,
    broken_doubt,
    place_of,
    plan,
    split_bundle,
)
from contracts.audit.trust import check_log_lines, policy_in, policy_of_genesis, succeeding
from ledger.checkpoint import OpenedCheckpoint
from ledger.policy import Policy
from ledger.tiles import TILE_WIDTH, Bundle, Tile, tile_width

_Waiting = tuple[ReadBlock, list[list[Verification]]]


class Auditor:
    """Audits one log up to one checkpoint. `ahead` leaves may be read before they are decided.

    At the level rules, `watch` is told of every block that holds.
    """

    def __init__(
        self,
        opened: OpenedCheckpoint,
        level: Level = "rules",
        start: StartVerification = verify_when_awaited,
        ahead: int = 0,
        watch: Watch = look_away,
    ) -> None:
        self._opened, self._level, self._ahead = opened, level, ahead
        self._structure, self._rules = Structure(), Rules(watch)
        self._tree = TreeCheck(opened.checkpoint)
        self._signatures = Signatures(start)
        self._looks_at = LEVELS[: LEVELS.index(level) + 1]
        self._reads, self._climbs, self._decides = True, "tree" in self._looks_at, True
        self._doubts: list[Doubt] = []
        self._started: list[list[Verification]] = []
        self._waiting: deque[_Waiting] = deque()
        self._tally = Tally()

    def plan(self) -> Iterator[Bundle | Tile]:
        """The files it wants, in order."""
        every = plan(self._opened.checkpoint.size)
        return (name for name in every if self._climbs or isinstance(name, Bundle))

    @property
    def is_stuck(self) -> bool:
        """Whether no further file can add anything."""
        return not self._reads and not self._climbs

    def take(self, name: Bundle | Tile, data: bytes | None) -> None:
        """The next file of the plan; None if the log does not have it."""
        if data is None:
            self._doubts.append(Doubt(level="tree", what=name.path, detail="it is missing"))
            self._climbs = False
            self._reads = self._reads and isinstance(name, Tile)
        elif isinstance(name, Bundle):
            self._take_bundle(name, data)
        elif self._climbs:
            self._climbs = self._attempt(lambda: self._tree.add_tile(name, data))

    def finish(self) -> Report:
        """What it all came to."""
        if self._reads:
            self._reads = self._attempt(self._structure.finish)
        self._decide_waiting(0)
        if self._climbs:
            self._attempt(self._tree.finish)
        if self._reads and self._decides and self._level == "rules":
            self._attempt(lambda: check_log_lines(self._opened, self._rules.log_keys()))
        return self._report()

    def succeeding(self, policy: Policy) -> Policy | None:
        """The policy that follows from one whose log keys were replaced by votes of this log.

        To be asked after an audit down to the level rules that has left no doubt.
        """
        return succeeding(self._rules.state, self._opened.checkpoint.origin, policy)

    def _take_bundle(self, bundle: Bundle, data: bytes) -> None:
        spans, fault = split_bundle(data, bundle.width)
        leaves = [data[start:end] for start, end in spans]
        if self._climbs:
            self._tree.add_bundle(BundleLeaves(bundle, spans, leaves, fault))
        elif fault is not None:
            self._doubts.append(broken_doubt(bundle, spans, len(spans), fault))
        if fault is not None:
            self._reads = False
        for leaf, span in zip(leaves, spans, strict=True):
            if self._reads:
                place = place_of(bundle, span)
                self._reads = self._attempt(partial(self._read, leaf), place)
        self._decide_waiting(self._ahead)

    def _read(self, leaf: bytes) -> None:
        read = self._structure.read(leaf)
        if isinstance(read, ReadBlock):
            self._waiting.append((read, self._started))
            self._started = []
        elif "signatures" in self._looks_at:
            self._started.append(self._signatures.start(read))

    def _decide_waiting(self, ahead: int) -> None:
        while self._decides and self._waiting:
            if self._structure.size - self._waiting[0][0].first <= ahead:
                break
            self._decides = self._attempt(partial(self._decide, *self._waiting.popleft()))

    def _decide(self, block: ReadBlock, started: list[list[Verification]]) -> None:
        if "signatures" in self._looks_at:
            self._signatures.check(block, started)
        if "rules" in self._looks_at:
            self._rules.check(block)
        self._tally.add(block)

    def _attempt(self, action: Callable[[], None], place: str | None = None) -> bool:
        """Whether the action found nothing to doubt."""
        try:
            action()
        except DoubtError as error:
            doubt = error.doubt
            if place is not None:
                doubt = replace(doubt, place=place)
            elif doubt.place is None and doubt.index is not None:
                doubt = replace(doubt, place=self._path_of(doubt.index))
            self._doubts.append(doubt)
            return False
        return True

    def _order(self, doubt: Doubt) -> tuple[int, int]:
        """First what comes first in the log: later doubts may only follow from it."""
        size = self._opened.checkpoint.size
        return size if doubt.index is None else doubt.index, LEVELS.index(doubt.level)

    def _path_of(self, index: int) -> str:
        number = index // TILE_WIDTH
        return Bundle(number, tile_width(0, number, self._opened.checkpoint.size)).path

    def _report(self) -> Report:
        checkpoint, tally, last = self._opened.checkpoint, self._tally, self._tally.last
        return Report(
            level=self._level,
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            ledger=self._structure.ledger,
            blocks=tally.blocks,
            records=dict(sorted(tally.records.items())),
            findings=dict(sorted(self._rules.findings.items())),
            members=self._rules.members(),
            state_root=None if last is None else last.state_root,
            from_time=tally.from_time,
            to_time=None if last is None else last.block_time,
            writers=dict(sorted(self._structure.writers.items())),
            doubts=tuple(sorted(self._doubts, key=self._order)),
        )


__all__ = [
    "LEVELS",
    "Auditor",
    "Doubt",
    "Level",
    "Report",
    "StartVerification",
    "Verification",
    "WriterHead",
    "check_log_lines",
    "plan",
    "policy_in",
    "policy_of_genesis",
    "verify_when_awaited",
]

"""The indicators a ledger can start with: genesis adopts them, a vote does, or somebody edits them.

They follow what governments assess each other by. Shares weigh 10,000 together.

`confirmed-findings` counts findings, not the uses they are about. A report of many uses is one
record, and what is wrong with them one matter with one reply and one ruling: counted by uses, a
gateway that logs each call would lose all its points by one mistake in its settings, and who
reports by the month none. How many uses there were, the finding says, and who rules on it knows.

>>> sum(one.weight for one in SEED if one.each is None)
10000
"""

from typing import Final

from msgspec.structs import replace

from ledger.records.assessment import BASIS_POINTS, BasisPoints, Clause, Indicator
from ledger.records.names import Names

_ANY: Final = Clause()
_BACKFLOW: Final = Clause(marks=("backflow",))
_OTHER: Final = Clause(unmarked=("backflow",))
_IN_TIME: Final = (Clause(lateness=("in-time",)),)


def _timely(
    code: str, en: str, zh: str, workflow: str, weight: BasisPoints, clause: Clause = _ANY
) -> Indicator:
    """How many of the cases whose deadline ran against a provider it has moved in time."""
    ran = replace(clause, lateness=("in-time", "late"), sides=("provider",), workflows=(workflow,))
    return Indicator(
        denominator=(ran,),
        id=code,
        names=Names(en=en, zh=zh),
        numerator=_IN_TIME,
        of="case",
        period="quarter",
        weight=weight,
    )


SEED: Final = (
    _timely(
        "backflow", "backflow answered in time", "数据回流按时答复率", "request", 500, _BACKFLOW
    ),
    Indicator(
        denominator=(Clause(states=("running",)),),
        id="catalogue-completeness",
        names=Names(en="running systems with a catalogue entry", zh="信息系统编目率"),
        numerator=(Clause(marks=("catalogued",)),),
        of="system",
        period="quarter",
        weight=1_500,
    ),
    Indicator(
        cap=2_000,
        denominator=(
            Clause(
                sides=("accused",),
                states=("closed", "confirmed", "rectified", "referred", "unrectified"),
                workflows=("finding",),
            ),
        ),
        each=100,
        id="confirmed-findings",
        names=Names(en="findings confirmed", zh="问题扣分"),
        of="case",
        period="quarter",
        weight=BASIS_POINTS,
    ),
    Indicator(
        denominator=(Clause(sides=("provider",)),),
        id="linkage",
        names=Names(en="entries tied to a registered system and to content", zh="目录挂接率"),
        numerator=(Clause(marks=("registered", "released")),),
        of="entry",
        period="quarter",
        weight=1_500,
    ),
    _timely(
        "timely-answers",
        "requests answered in time",
        "共享申请按时答复率",
        "request",
        2_000,
        _OTHER,
    ),
    _timely(
        "timely-corrections", "corrections made in time", "校核按时处理率", "correction", 1_000
    ),
    _timely("timely-supply", "data supplied in time", "数据按时提供率", "supply", 1_000),
    _timely("timely-updates", "versions released in time", "数据按时更新率", "update", 1_500),
    Indicator(
        denominator=(Clause(sides=("consumer",)),),
        id="use-of-grants",
        names=Names(en="rights used", zh="授权使用率"),
        numerator=(Clause(marks=("used",)),),
        of="grant",
        period="quarter",
        weight=1_000,
    ),
)
"""Ascending by code."""

"""Of which keys of the state a node knows what stood under them in the past.

Its views remember these (`node.views.as_at`); of all others it tells what is there now. Who asks it
about the past has to know which is which, without the views.

>>> is_kept("grant/26166a12-0"), is_kept("ledger"), is_kept("key/26166a12")
(True, True, False)
"""

from typing import Final

VERSIONED: Final = frozenset(
    {
        "case", "dataset", "delivery", "entry", "grant", "indicator", "member", "release",
        "request", "system", "writer",
    }
)  # fmt: skip
"""First parts of the keys of values that have a view with every version."""
VOTED: Final = frozenset({"basis", "group", "pairing"})
"""Those of what votes alone set: the votes tell it."""
INDICATORS: Final = "indicators"
LEDGER: Final = "ledger"
_DERIVED: Final = frozenset({"entry-draft", "role"})


def is_kept(key: str) -> bool:
    """Whether it is known what stood under a key at a past size."""
    prefix = key.partition("/")[0]
    return key in {INDICATORS, LEDGER} or prefix in VERSIONED | VOTED | _DERIVED

"""How random examples are drawn: quickly by default, at length under `make thorough`.

No deadline: a test of this house never judges a time. A failure prints the blob that repeats it.
"""

import gc
from functools import cache
from typing import Final

from hypothesis import HealthCheck, settings

_CACHED: Final = type(cache(len))

settings.register_profile(
    "quick",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=2_000)
settings.load_profile("quick")


def pytest_sessionstart() -> None:
    """Forget what was computed before: `make mutation` tries mutants in forks of a finished run.

    Answers kept by that run would hide what the mutant answers, and stories told in it what the
    mutant makes of them.
    """
    for one in gc.get_objects():
        if type(one) is _CACHED and one.__module__.startswith(("contracts.", "tests.")):
            one.cache_clear()

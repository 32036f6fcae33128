"""How random examples are drawn: quickly by default, at length under `make thorough`.

No deadline: a test of this house never judges a time. A failure prints the blob that repeats it.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=2_000)
settings.load_profile("quick")

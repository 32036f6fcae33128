"""`python -m tests.bench [--quick]`: run all, print a table, write `build/bench.json`."""

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.bench.runs import FULL, QUICK, Results, run

OUT: Final = Path("build/bench.json")
TARGETS: Final = {
    "append_ratio": ">= 0.45, aim 0.6",
    "batch_http_ratio": ">= 0.35",
    "catchup_ratio": ">= append_ratio",
    "usage_events_per_s": ">= 200,000, aim 500,000",
    "rate_1m_leaves_over_10k": ">= 0.9",
    "rate_1m_keys_over_10k": ">= 0.75",
    "rate_estate_over_small": ">= 0.75",
    "settle_slowest_block": "<= 2",
    "snapshot_join_1m_over_10k": "about 1",
    "memory_beyond_cache": "about 1",
    "receipt_bytes": "<= 2,048",
    "receipt_verify_ms": "< 5",
}


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, within a minute")
    quick: bool = parser.parse_args().quick
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="blockpool-bench-") as folder:
        results = run(Path(folder), QUICK if quick else FULL)
    results["seconds"] = time.monotonic() - began
    _print(results)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    rounded = {name: round(value, 3) for name, value in results.items()}
    told = {"quick": quick, "python": platform.python_version(), "cores": os.cpu_count()}
    OUT.write_text(json.dumps({**told, **rounded}, indent=2) + "\n")
    print(f"\nwritten to {OUT}; what is measured is told in tests/bench/__init__.py")


def _print(results: Results) -> None:
    wide = max(map(len, results))
    for name, value in results.items():
        shown = f"{value:,.0f}" if value >= 1_000 else f"{value:,.3f}"
        print(f"{name:<{wide}}  {shown:>12}  {TARGETS.get(name, '')}".rstrip())


if __name__ == "__main__":
    main()

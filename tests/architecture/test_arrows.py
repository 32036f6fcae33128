"""Imports point down: `scripts → node → contracts → ledger`; and two finer arrows inside."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import grimp
import pytest
from grimp import ImportGraph

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("ledger", "contracts", "node", "scripts")
LINT: Final = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(LINT, cwd=root, capture_output=True, text=True, check=False)


def test_arrows_point_down() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("ledger/types.py", "contracts"),
        ("ledger/types.py", "httpx"),
        ("contracts/__init__.py", "node"),
        ("contracts/__init__.py", "fastapi"),
        ("node/__init__.py", "scripts"),
    ],
)
def test_an_arrow_up_is_seen(tmp_path: Path, module: str, imported: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package)
    with (tmp_path / module).open("a", encoding="utf-8") as source:
        source.write(f"\nimport {imported}\n")
    result = lint(tmp_path)
    assert result.returncode == 1
    assert f"{imported} (l." in result.stdout or f"-> {imported}" in result.stdout


def beyond_client(graph: ImportGraph) -> set[str]:
    """What `node.client` leads to, other than `ledger`: an auditor runs no server code."""
    if "node.client" not in graph.modules:
        return set()
    reached = graph.find_upstream_modules("node.client")
    return {name for name in reached if not f"{name}.".startswith(("ledger.", "node.client."))}


def server_importers(graph: ImportGraph) -> set[str]:
    """The modules of `scripts` that import more of `node` than its client, `scripts.node` apart."""
    return {
        module
        for module in graph.modules
        if f"{module}.".startswith("scripts.") and not f"{module}.".startswith("scripts.node.")
        for imported in graph.find_modules_directly_imported_by(module)
        if f"{imported}.".startswith("node.") and not f"{imported}.".startswith("node.client.")
    }


def graph_of(*imports: tuple[str, str]) -> ImportGraph:
    graph = ImportGraph()
    for importer, imported in imports:
        graph.add_import(importer=importer, imported=imported)
    return graph


def test_the_client_and_the_commands_leave_the_server_alone() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    assert beyond_client(graph) == set()
    assert server_importers(graph) == set()


def test_a_client_that_reaches_the_server_is_seen() -> None:
    good = graph_of(("node.client", "ledger.keys"), ("ledger.keys", "ledger.types"))
    assert beyond_client(good) == set()
    bad = graph_of(("node.client", "node.settings"), ("node.settings", "contracts.replay"))
    assert beyond_client(bad) == {"node.settings", "contracts.replay"}


def test_a_command_that_imports_the_server_is_seen() -> None:
    good = graph_of(("scripts.node", "node.app"), ("scripts.record.command", "node.client"))
    assert server_importers(good) == set()
    assert server_importers(graph_of(("scripts.audit.command", "node.app"))) == {
        "scripts.audit.command"
    }

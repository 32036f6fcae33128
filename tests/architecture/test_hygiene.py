"""No file names one machine or one package registry; every requirement is pinned and hashed."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.tracked import ROOT, tracked_files

TEXTS: Final = {
    path.relative_to(ROOT).as_posix(): path.read_bytes().decode("utf-8", "replace")
    for path in tracked_files()
}
FORBIDDEN: Final = re.compile(
    r"(?<![\w.~/-])/(?:work|root|home|Users)/\w"  # a path of somebody's machine
    r"|\bpypi\.(?:org|python\.org)|pythonhosted[.]org|\bcrates\.io|npmjs\.(?:org|com)"
    r"|https?://\S*/simple\b|--(?:extra-)?index-url|--find-link[s]"
)
LOCKS_WITH_ADDRESSES: Final = re.compile(
    r"(?:uv|poetry|pdm|Pipfile)\.lock|pylock.*\.toml|package-lock\.json|yarn\.lock"
)
LOCKS: Final = {
    name: text for name, text in TEXTS.items() if re.fullmatch(r"requirements/\w+\.txt", name)
}
PIN: Final = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;\\]+)(?: ; [^\\\n]+)?"
    r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"
)


def pins(lock: str) -> dict[str, str]:
    """Version by name; raises `ValueError` unless every entry is pinned and hashed."""
    found = list(PIN.finditer(lock))
    if "".join(pin[0] for pin in found) != lock or not found:
        raise ValueError("an entry without exact version or hash, or something that is no entry")
    return {pin["name"]: pin["version"] for pin in found}


@pytest.mark.parametrize("name", TEXTS)
def test_no_file_names_a_machine_or_a_registry(name: str) -> None:
    assert not FORBIDDEN.findall(TEXTS[name])


@pytest.mark.parametrize(
    "broken",  # so that this file may hold them
    [
        "cd /ho|me/ann/blockpool",
        "(/ro|ot/blockpool)",
        "https://pypi|.org/project/x",
        "https://files.pythonhosted|.org/x.whl",
        "https://mirror.example/sim|ple/",
        "--index|-url x",
    ],
)
def test_such_names_are_seen(broken: str) -> None:
    assert FORBIDDEN.search(broken.replace("|", ""))


@pytest.mark.parametrize("text", ["/v1/records", "tests/wo|rk/x", "~/ho|me/x", "a simple sentence"])
def test_other_names_are_left_alone(text: str) -> None:
    assert not FORBIDDEN.search(text.replace("|", ""))


def test_no_lock_file_records_addresses() -> None:
    assert not [name for name in TEXTS if LOCKS_WITH_ADDRESSES.fullmatch(Path(name).name)]
    assert LOCKS_WITH_ADDRESSES.fullmatch("uv.lock")


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    wanted = TEXTS[name.replace(".txt", ".in")]
    direct = re.findall(r"^([a-z][a-z0-9-]*)", wanted, re.MULTILINE)
    assert direct
    assert set(direct) <= pins(LOCKS[name]).keys()


@pytest.mark.parametrize(
    "lock",
    [
        "",
        "httpx==1.0\n",
        "httpx>=1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n",
        "httpx==1.0 \\\n    --hash=md5:" + "0" * 64 + "\n",
        "httpx==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\nmsgspec==1.0\n",
        "httpx @ https://example.org/httpx.whl \\\n    --hash=sha256:" + "0" * 64 + "\n",
    ],
)
def test_a_loose_requirement_is_seen(lock: str) -> None:
    with pytest.raises(ValueError, match="an entry without"):
        pins(lock)


def test_what_runs_is_what_was_tested() -> None:
    tested = pins(LOCKS["requirements/dev.txt"])
    assert pins(LOCKS["requirements/run.txt"]).items() <= tested.items()


def test_files_left_out_of_the_repository_are_not_read(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("build/\n*.log\n", encoding="utf-8")
    for name in ("build/a.py", "kept/a.py", "kept/a.log", ".git/config"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    names = [path.relative_to(tmp_path).as_posix() for path in tracked_files(tmp_path)]
    assert names == [".gitignore", "kept/a.py"]

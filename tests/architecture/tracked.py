"""The files of this repository, found without git: a source archive is tested like a clone."""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


def tracked_files(root: Path = ROOT) -> list[Path]:
    """Every file under `root` that its `.gitignore` does not leave out."""
    ignored = (root / ".gitignore").read_text(encoding="utf-8").split()
    return sorted(_walk(root, [".git", *(pattern.rstrip("/") for pattern in ignored)]))


def _walk(folder: Path, ignored: list[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if any(fnmatch(path.name, pattern) for pattern in ignored):
            continue
        if path.is_dir():
            yield from _walk(path, ignored)
        else:
            yield path

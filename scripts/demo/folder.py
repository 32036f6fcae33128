"""What the demo leaves behind, and where.

    DIR/export/            the whole log as static files: checkpoint, tile/…
    DIR/policy             whose signatures to believe (tlog-policy)
    DIR/policy-quorum      the same, and whose cosignatures make a checkpoint final
    DIR/receipts/          some receipts (.tlog-proof), each with its record (.leaf)
    DIR/summary.json       the facts, for machines
    DIR/keys/              key files, mode 0600; not encrypted, as nothing depends on them
    DIR/catalogue/         a spreadsheet per department
    DIR/genesis.toml, genesis.json
    DIR/node/              configuration, database and messages of the node that orders
    DIR/node-MEMBER/       the same of those that follow, and evidence they keep
    DIR/tampered/          a copy of export/ with one byte flipped

A folder is only ever replaced if the demo made it: it then holds the marker.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.demo.stage import DemoError

MARKER: Final = ".blockpool-demo"
_MARKER_TEXT: Final = "Made by `blockpool demo`, which deletes this folder when it runs again.\n"


@dataclass(frozen=True, slots=True)
class Folder:
    """The demo's folder."""

    root: Path

    @property
    def keys(self) -> Path:
        """Key files."""
        return self.root / "keys"

    @property
    def catalogue(self) -> Path:
        """Spreadsheets."""
        return self.root / "catalogue"

    @property
    def node(self) -> Path:
        """Configuration, database and messages of the node."""
        return self.root / "node"

    @property
    def export(self) -> Path:
        """The log as static files."""
        return self.root / "export"

    @property
    def tampered(self) -> Path:
        """The log with one byte flipped."""
        return self.root / "tampered"

    @property
    def receipts(self) -> Path:
        """Receipts and their records."""
        return self.root / "receipts"

    @property
    def policy(self) -> Path:
        """Whose signatures to believe."""
        return self.root / "policy"

    @property
    def quorum_policy(self) -> Path:
        """Whose cosignatures make final."""
        return self.root / "policy-quorum"

    @property
    def summary(self) -> Path:
        """The facts."""
        return self.root / "summary.json"


def new_folder(root: Path) -> Folder:
    """An empty folder at `root`, in the place of an earlier demo's. Raises `DemoError`."""
    if root.exists() and not root.is_dir():
        raise DemoError(f"{root} is not a folder", "choose another one with --out")
    if root.is_dir() and any(root.iterdir()):
        if not (root / MARKER).is_file():
            raise DemoError(f"{root} is not empty and no demo made it", "choose another one")
        shutil.rmtree(root)
    for part in ("keys", "catalogue", "node", "receipts"):
        (root / part).mkdir(parents=True, exist_ok=True)
    (root / "keys").chmod(0o700)
    (root / MARKER).write_text(_MARKER_TEXT, encoding="utf-8")
    return Folder(root)

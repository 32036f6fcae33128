"""The settings of a node: one TOML file, each value overridable from the environment.

`BLOCKPOOL_PORT=8800` overrides `port`, `BLOCKPOOL_BLOCKS__RECORDS_MAX=100` overrides `records_max`
in `[blocks]`. Unknown names are refused, so a misspelt setting never passes for a default. Relative
paths are relative to the folder of the file, wherever they were given.

Secure unless somebody says otherwise: whatever listens beyond this machine has to be told who may
read, or be told in so many words that everybody may.
"""

from node.settings.limits import Limits
from node.settings.loading import SettingsError, load_settings
from node.settings.local_signing import LocalSigning
from node.settings.network import ForeignLog, Peer, Witness
from node.settings.node import LogLevel, Settings
from node.settings.ordering import Blocks, Cache
from node.settings.part import is_loopback
from node.settings.snapshots import Snapshots
from node.settings.tls import Tls, TlsReader
from node.settings.webhook import Webhook

__all__ = [
    "Blocks",
    "Cache",
    "ForeignLog",
    "Limits",
    "LocalSigning",
    "LogLevel",
    "Peer",
    "Settings",
    "SettingsError",
    "Snapshots",
    "Tls",
    "TlsReader",
    "Webhook",
    "Witness",
    "is_loopback",
    "load_settings",
]

"""The settings: what is refused and how it is told, what wins, who may be let in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import typer
from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ledger.checkpoint import log_key
from ledger.note import VerifierKey, encode_vkey
from ledger.suites import NOTE_COSIGNATURE
from node.settings import (
    Blocks,
    Cache,
    ForeignLog,
    LocalSigning,
    Peer,
    Settings,
    SettingsError,
    Tls,
    TlsReader,
    Webhook,
    Witness,
    load_settings,
)
from scripts.main import app
from tests.golden import settings as document
from tests.world import signer

BASE: Final = 'member = "steward"\nlog_key = "log.pem"\nlog_key_pq = "log-pq.pem"\n'
WITNESS: Final = '[witness]\nkey = "w"\nkey_pq = "p"\n'
FOREIGN: Final = 'foreign_name = "w/f"\nforeign_key = "f"\nforeign_key_pq = "g"\n'
_KEY: Final = signer("foreign").public_key
VKEY: Final = encode_vkey(log_key("example.com/log", _KEY))
OTHER_VKEY: Final = encode_vkey(log_key("example.com/other", _KEY))
COSIGNER_VKEY: Final = encode_vkey(VerifierKey("example.com/w", NOTE_COSIGNATURE, _KEY))
GROUPS: Final = (
    Settings,
    Blocks,
    Cache,
    LocalSigning,
    Tls,
    TlsReader,
    Webhook,
    Witness,
    ForeignLog,
    Peer,
)

NESTED: Final = (
    "Settings.local_signing",
    "Settings.peers",
    "Settings.webhook",
    "Settings.witness",
    "Settings.tls",
    "Tls.readers",
    "Witness.logs",
)


def load(folder: Path, more: str = "", base: str = BASE) -> Settings:
    path = folder / "blockpool.toml"
    path.write_text(base + more, encoding="utf-8")
    return load_settings(path)


def fields() -> Iterator[tuple[str, FieldInfo]]:
    for group in GROUPS:
        for name, field in group.model_fields.items():
            nested = field.annotation
            if not (isinstance(nested, type) and issubclass(nested, BaseModel)):
                yield f"{group.__name__}.{name}", field


@pytest.mark.parametrize(("name", "field"), [pytest.param(*one, id=one[0]) for one in fields()])
def test_each_setting_is_described_and_each_number_bounded(name: str, field: FieldInfo) -> None:
    if name in NESTED:
        return
    assert field.description
    assert field.description.endswith(".")
    if isinstance(field.default, int) and not isinstance(field.default, bool):
        assert {type(bound) for bound in field.metadata} == {Ge, Le}


def test_the_manual_lists_every_setting_as_it_is() -> None:
    text = document.DOCUMENT.read_text(encoding="utf-8")
    assert document.up_to_date(text) == text, "run: python -m tests.golden.settings --write"


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.host, settings.port, settings.log_level) == ("127.0.0.1", 8700, "info")
    assert settings.blocks == Blocks()
    assert settings.local_signing is None


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("prot = 1\n", "prot: there is no such setting"),
        ("[blocks]\nrecord_max = 1\n", "blocks.record_max: there is no such setting"),
        ("[block]\nrecords_max = 1\n", "block: there is no such setting"),
        ("port = 70000\n", "port: "),
        ('port = "http"\n', "port: "),
        ("[blocks]\nrecords_max = 0\n", "blocks.records_max: "),
        ("[cache]\nvalues_max = 1.5\n", "cache.values_max: "),
        ('log_level = "loud"\n', "log_level: "),
        ('[local_signing]\ntoken_file = "t"\n', "local_signing.keys: "),
        ('[local_signing]\ntoken_file = "t"\n[local_signing.keys]\n', "local_signing.keys: "),
        (
            '[local_signing]\nkeys = { "health/main" = "k" }\n',
            "local_signing: token_file, or writer_tokens_file",
        ),
        (
            '[local_signing]\ntoken_file = "t"\nkeys = { "health/custodian" = "k" }\n',
            "local_signing.keys: the key of health/custodian is kept offline",
        ),
        (
            '[webhook]\nurl = "http://pool.example/"\nsecret_file = "s"\n',
            "webhook.url: beyond this",
        ),
        (
            '[webhook]\nurl = "file:///etc/passwd"\nsecret_file = "s"\n',
            "webhook.url: is no address",
        ),
        ('[webhook]\nurl = "https://pool.example/"\n', "webhook.secret_file: "),
        ("port = \n", ""),
        ('[[peers]]\nmember = "a"\n', "peers.0.url: "),
        ('[[peers]]\nmember = "a"\nurl = "http://a.example"\n', "peers.0.url: beyond this"),
        (WITNESS + f'logs = [{{ vkey = "{VKEY}" }}]\n', "witness: logs: go with `foreign_name`"),
        (WITNESS + 'foreign_name = "w"\n', "witness: foreign_name: goes with `logs`"),
        (WITNESS + FOREIGN + 'logs = [{ vkey = "x" }]\n', "witness.logs.0.vkey: a verifier key"),
        (WITNESS + FOREIGN + "logs = [{ vkey = [] }]\n", "witness.logs.0.vkey: "),
        (
            WITNESS + FOREIGN + f'logs = [{{ vkey = "{VKEY}" }}, {{ vkey = "{VKEY}" }}]\n',
            "witness: logs: one log has two entries",
        ),
        (
            WITNESS + FOREIGN + f'logs = [{{ vkey = ["{VKEY}", "{OTHER_VKEY}"] }}]\n',
            "witness.logs.0.vkey: the keys are of several logs",
        ),
        (
            WITNESS + FOREIGN + f'logs = [{{ vkey = "{COSIGNER_VKEY}" }}]\n',
            "witness.logs.0.vkey: example.com/w+",
        ),
        (
            WITNESS + FOREIGN.replace('"f"', '"w"') + f'logs = [{{ vkey = "{VKEY}" }}]\n',
            "witness: foreign_key: has to be another file",
        ),
        (
            WITNESS + FOREIGN.replace("w/f", "w w") + f'logs = [{{ vkey = "{VKEY}" }}]\n',
            "witness: foreign_name: a key name",
        ),
    ],
)
def test_a_wrong_setting_is_named(more: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, more)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_each_wrong_setting_has_a_line_and_no_value_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, 'port = "hunter2"\n[blocks]\nlinger_ms = "hunter2"\n', base="")
    lines = str(caught.value).split("\n")
    names = {line.partition(":")[0] for line in lines}
    assert names == {"member", "port", "blocks.linger_ms"}
    assert "hunter2" not in str(caught.value)


FOLLOWER: Final = 'member = "health"\n[[peers]]\nmember = "steward"\nurl = "https://node.example"\n'


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ('member = "health"\n', "peers: without `log_key`"),
        ('member = "health"\nlog_key = "log.pem"\n', "log_key: goes with `log_key_pq`"),
        ('member = "health"\n[[peers]]\nmember = "steward"\n', "peers.0.url: "),
        (
            'member = "health"\n[[peers]]\nmember = "steward"\nurl = "http://node.example"\n',
            "peers.0.url: beyond this machine",
        ),
        (FOLLOWER + "[snapshots]\njoin = true\n", "snapshots.join: goes with `believed_policy`"),
        (
            'log_key = "l"\nlog_key_pq = "m"\nbelieved_policy = "p"\n'
            + FOLLOWER
            + "[snapshots]\njoin = true\n",
            "snapshots.join: a node with log keys",
        ),
    ],
)
def test_a_node_orders_with_both_log_keys_or_follows_somebody(
    base: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, base=base)
    assert str(caught.value).startswith(told)


def test_paths_of_peers_and_witness_are_relative_to_the_file(tmp_path: Path) -> None:
    peers = '[[peers]]\nmember = "steward"\nurl = "https://node.example"\ntoken_file = "t"\n'
    witness = '[witness]\nkey = "w.pem"\nkey_pq = "w-pq.pem"\n'
    settings = load(tmp_path, peers + witness, base='member = "health"\n')
    assert not settings.orders
    assert settings.peers[0].token_file == tmp_path / "t"
    assert settings.witness is not None
    assert settings.witness.database == tmp_path / "witness.db"


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOCKPOOL_PORT", "8800")
    monkeypatch.setenv("BLOCKPOOL_BLOCKS__RECORDS_MAX", "100")
    settings = load(tmp_path, "port = 1\n[blocks]\nrecords_max = 7\nlinger_ms = 9\n")
    assert settings.port == 8800
    assert settings.blocks == Blocks(records_max=100, linger_ms=9)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("BLOCKPOOL_PORT", "-1", "port: "),
        ("BLOCKPOOL_BLOCKS__WAITING_MAX", "many", "blocks.waiting_max: "),
        ("BLOCKPOOL_BLOCKS__SIZE", "1", "blocks.size: there is no such setting"),
        ("BLOCKPOOL_BLOCKS", "{", "error parsing value for field"),
    ],
)
def test_the_environment_is_held_to_the_same(
    variable: str, value: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    assert str(caught.value).startswith(told)


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOCKPOOL_DATABASE", "db/x.db")
    settings = load(
        tmp_path,
        'unix_socket = "run/socket"\n'
        '[local_signing]\ntoken_file = "/etc/token"\nkeys = { "steward/main" = "main.pem" }\n',
    )
    local = settings.local_signing
    assert local is not None
    assert settings.log_key == tmp_path / "log.pem"
    assert settings.database == tmp_path / "db/x.db"
    assert settings.unix_socket == tmp_path / "run/socket"
    assert (local.token_file, local.outbox) == (Path("/etc/token"), tmp_path / "outbox.db")
    assert local.keys == {"steward/main": tmp_path / "main.pem"}


def test_a_log_of_others_has_one_key_or_several(tmp_path: Path) -> None:
    one = load(tmp_path, WITNESS + FOREIGN + f'[[witness.logs]]\nvkey = "{VKEY}"\n').witness
    assert one is not None
    assert [encode_vkey(key) for key in one.logs[0].keys] == [VKEY]
    assert one.foreign_key_files == (tmp_path / "f", tmp_path / "g")
    assert one.logs[0].known_as == "example.com/log"
    named = f'[[witness.logs]]\nvkey = "{VKEY}"\norigin = "a log"\n'
    other = load(tmp_path, WITNESS + FOREIGN + named).witness
    assert other is not None
    assert other.logs[0].known_as == "a log"
    several = WITNESS + FOREIGN + f'[[witness.logs]]\nvkey = ["{VKEY}", "{VKEY}"]\n'
    assert load(tmp_path, several).witness is not None


def test_a_key_that_is_kept_elsewhere_is_no_path(tmp_path: Path) -> None:
    uri = "pkcs11:token=health;object=main?module-path=/m.so&pin-source=/pin"
    signing = '[local_signing]\ntoken_file = "t"\n[local_signing.keys]\n'
    local = load(tmp_path, f'{signing}"a/b" = "{uri}"\n"a/c" = "agent:4cc3f338"\n"a/d" = "d.pem"\n')
    assert local.local_signing is not None
    keys = {writer: str(key) for writer, key in local.local_signing.keys.items()}
    assert keys == {"a/b": uri, "a/c": "agent:4cc3f338", "a/d": str(tmp_path / "d.pem")}


TOKENS: Final = 'read_tokens_file = "tokens"\n'
ANONYMOUS: Final = "allow_anonymous_reads = true\n"
PROXY: Final = "tls_by_proxy = true\n"
TLS: Final = '[tls]\nkey = "transport.pem"\n'
READER: Final = '[[tls.readers]]\nname = "inspector"\nkey = "inspector.pub"\n'


@pytest.mark.parametrize(
    ("more", "is_open"),
    [
        ("", True),
        ('host = "127.8.9.1"\n', True),
        ('host = "::1"\n', True),
        ('host = "localhost"\n', True),
        ('host = "0.0.0.0"\n' + PROXY, False),
        ('host = "::"\n' + PROXY, False),
        ('host = "192.0.2.1"\n' + PROXY, False),
        ('host = "localhost.example"\n' + PROXY, False),
        ('host = "0.0.0.0"\n' + PROXY + ANONYMOUS, False),
        (TLS, False),
        ('host = "0.0.0.0"\n' + TLS, False),
        ('unix_socket = "s"\n' + TLS, True),
        ('host = "0.0.0.0"\nunix_socket = "s"\n', True),
        (TOKENS, False),
        (ANONYMOUS, False),
        ("allow_anonymous_reads = false\n", False),
        ('allow_anonymous_reads = "catalogue"\n', False),
        (TOKENS + ANONYMOUS, False),
    ],
)
def test_only_a_node_nobody_else_reaches_and_nobody_spoke_of_is_open(
    more: str, *, is_open: bool, tmp_path: Path
) -> None:
    assert load(tmp_path, more).is_open == is_open


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('host = "0.0.0.0"\n', "host: 0.0.0.0 can be reached from outside, in the clear"),
        ('host = "0.0.0.0"\n' + TOKENS, "host: 0.0.0.0 can be reached from outside, in the clear"),
        (PROXY + TLS, "tls_by_proxy: contradicts"),
        (TLS + 'certificate = "c.pem"\n', "tls: certificate: goes with `certificate_key`"),
        (TLS + 'certificate_key = "c.pem"\n', "tls: certificate: goes with `certificate_key`"),
        (TLS + "certificate_port = 70000\n", "tls.certificate_port: "),
        ("[tls]\n", "tls.key: "),
        (
            TLS + '[[tls.readers]]\nname = "a"\nkey = "k"\nscopes = ["sign"]\n',
            "tls.readers.0.scopes: ",
        ),
        (TLS + '[[tls.readers]]\nname = "a"\nkey = "k"\nscopes = []\n', "tls.readers.0.scopes: "),
    ],
)
def test_nobody_speaks_in_the_clear_beyond_this_machine_by_oversight(
    more: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, more)
    assert str(caught.value).startswith(told)


def test_files_of_tls_are_found_from_the_folder_of_the_settings(tmp_path: Path) -> None:
    more = TLS + 'next_key = "next.pem"\ncertificate = "c.pem"\ncertificate_key = "k.pem"\n'
    tls = load(tmp_path, more).tls
    assert tls is not None
    assert tls.key_files == (tmp_path / "transport.pem", tmp_path / "next.pem")
    assert (tls.certificate, tls.certificate_key) == (tmp_path / "c.pem", tmp_path / "k.pem")


def test_everybody_reads_all_or_the_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match="allow_anonymous_reads"):
        load(tmp_path, 'allow_anonymous_reads = "grants"\n')
    for given, meant in (("true", True), ("false", False), ("catalogue", "catalogue")):
        monkeypatch.setenv("BLOCKPOOL_ALLOW_ANONYMOUS_READS", given)
        assert load(tmp_path, "").allow_anonymous_reads == meant


def test_the_variables_of_the_command_are_not_those_of_the_node() -> None:
    """A shell with exports for the command may start a node."""
    theirs = {variable for variable in _variables(typer.main.get_command(app)) if variable}
    ours = {f"BLOCKPOOL_{name.upper()}" for name in Settings.model_fields}
    assert theirs
    assert not theirs & ours


def _variables(command: Any) -> Iterator[str]:
    for option in command.params:
        given = option.envvar
        yield from [given] if isinstance(given, str) else given or ()
    for inner in getattr(command, "commands", {}).values():
        yield from _variables(inner)

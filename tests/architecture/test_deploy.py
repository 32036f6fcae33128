"""The unit, the image and the compose file of `deploy/` speak of commands and paths there are."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.architecture.commands import unknown_word
from tests.architecture.documents import blocks
from tests.architecture.tracked import ROOT
from tests.node_process import node_process
from tests.nodes import close, open_replica
from tests.served import settings_in
from tests.world import World

DEPLOY: Final = ROOT / "deploy"
TEXTS: Final = {
    path.name: path.read_text(encoding="utf-8")
    for path in sorted(DEPLOY.iterdir())
    if path.is_file()
}
COMPOSE: Final[dict[str, Any]] = yaml.safe_load(TEXTS["compose.yaml"])
SERVICES: Final = COMPOSE["services"]
MANUAL: Final = (ROOT / "node/OPERATIONS.md").read_text(encoding="utf-8")


def commands() -> Iterator[list[str]]:
    """Every `blockpool` line in the files, as words; test_documents tries those of the README."""
    unit = re.search(
        r"^ExecStart=\S*/(blockpool .*)$", TEXTS["blockpool-node.service"], re.MULTILINE
    )
    assert unit is not None
    yield unit[1].split()
    yield json.loads(re.findall(r"^CMD (.*)$", TEXTS["Containerfile"], re.MULTILINE)[-1])
    for name in ("alerts.yaml", "compose.yaml", "Containerfile"):
        yield from (line.split() for line in re.findall(r"`(blockpool [^`]+)`", TEXTS[name]))


def test_the_commands_exist() -> None:
    app = import_module("scripts.main").app
    lines = list(commands())
    assert ["blockpool", "node", "check"] in lines
    assert [line for line in lines if unknown_word(line, app) is not None] == []


def test_the_unit_is_the_one_the_manual_speaks_of() -> None:
    unit = ConfigParser(interpolation=None, strict=False)  # some settings stand twice
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(TEXTS["blockpool-node.service"])
    service = unit["Service"]
    user = re.search(r"^useradd .*--home-dir (\S+) .* (\w+)$", MANUAL, re.MULTILINE)
    assert user is not None
    assert (service["WorkingDirectory"], service["User"]) == user.groups()
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    assert service["Restart"] == "on-failure"
    assert "](../deploy/blockpool-node.service)" in MANUAL
    assert not [one for one in blocks(MANUAL) if "[Service]" in one.text]
    assert service["ExecStart"].split()[0].removesuffix("/.venv/bin/blockpool") in MANUAL


VERIFIER: Final = shutil.which("systemd-analyze")


@pytest.mark.skipif(VERIFIER is None, reason="no systemd-analyze here: apt install systemd")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "blockpool-node.service"
    here = TEXTS[unit.name].replace("/opt/blockpool/.venv/bin/blockpool", sys.executable)
    unit.write_text(here, encoding="utf-8")
    told = subprocess.run(
        [str(VERIFIER), "verify", unit], check=False, capture_output=True, text=True
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_the_image_installs_what_was_hashed_and_runs_as_nobody_in_particular() -> None:
    text = TEXTS["Containerfile"]
    installs = re.findall(r"pip install (.*?)(?: \\)?$", text, re.MULTILINE)
    hashed = [f"--quiet --require-hashes -r requirements/{one}.txt" for one in ("build", "run")]
    assert installs == [*hashed, "--quiet --no-deps --no-build-isolation ."]
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
        assert all((ROOT / name).exists() for name in line.split()[:-1])
    *_, last = text.split("\nFROM ")
    assert re.search(r"^USER blockpool$", last, re.MULTILINE)
    assert "useradd --system" in last


@pytest.mark.parametrize("name", TEXTS)
def test_no_file_names_where_images_or_packages_come_from(name: str) -> None:
    addresses = re.findall(r"\w+://([^/\s:\"'$]+)", TEXTS[name])
    assert set(addresses) <= {"127.0.0.1"}
    images = re.findall(r"^(?:ARG BASE=|FROM |  image: )(\S+)", TEXTS[name], re.MULTILINE)
    assert all(re.fullmatch(r"\$\{BASE\}|[a-z]+(?::[\w.-]+)?", image) for image in images)


def test_four_departments_have_a_volume_and_a_port_each() -> None:
    ports = [one["environment"]["BLOCKPOOL_PORT"] for one in SERVICES.values()]
    volumes = [one["volumes"] for one in SERVICES.values()]
    home = re.findall(r"^VOLUME (.*)$", TEXTS["Containerfile"], re.MULTILINE)
    assert volumes == [[f"{name}:{home[0]}"] for name in SERVICES]
    assert set(COMPOSE["volumes"]) == set(SERVICES)
    assert ports == ["8700", "8701", "8702", "8703"]
    [scraped] = yaml.safe_load(TEXTS["prometheus.yaml"])["scrape_configs"]
    assert scraped["job_name"] == "blockpool"
    assert scraped["static_configs"] == [{"targets": [f"127.0.0.1:{port}" for port in ports]}]
    founded = re.search(r"^departments='(.*)'$", TEXTS["README.md"], re.MULTILINE)
    assert founded is not None
    assert founded[1].split() == list(SERVICES)


def test_the_health_check_asks_the_node(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("reader:0123456789abcdef\n", encoding="utf-8")
    (tmp_path / "tokens").chmod(0o600)
    settings = settings_in(tmp_path, read_tokens_file=tmp_path / "tokens")
    close(open_replica(settings.database, World.genesis()))

    def healthy(path: str, port: int) -> bool:
        command = [sys.executable, str(DEPLOY / "healthcheck.py"), path]
        environment = {**os.environ, "BLOCKPOOL_PORT": str(port)}
        ended = subprocess.run(command, env=environment, check=False, capture_output=True)
        return ended.returncode == 0

    with node_process(settings) as node:
        assert healthy("/health/live", node.port)
        assert not healthy("/health/ready", node.port)  # it wants a token
    assert not healthy("/health/live", node.port)

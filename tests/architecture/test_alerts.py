"""The alerts and the dashboard of `deploy/` speak of what the node measures and the manual says."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from node.api.problems import PROBLEMS
from node.metrics import GAUGES, MEMBER_GAUGES, Metrics
from tests.architecture.tracked import ROOT

DEPLOY: Final = ROOT / "deploy"
MANUAL: Final = (ROOT / "node/OPERATIONS.md").read_text(encoding="utf-8")


def read(name: str) -> dict[str, Any]:
    """A file of the folder; JSON is YAML, too."""
    content: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return content


ALERTS: Final = {rule["alert"]: rule for rule in read("alerts.yaml")["groups"][0]["rules"]}
PANELS: Final = {one["title"]: one for one in read("dashboard.json")["panels"]}
EXPRESSIONS: Final = {
    **{name: rule["expr"] for name, rule in ALERTS.items()},
    **{title: " , ".join(t["expr"] for t in one["targets"]) for title, one in PANELS.items()},
}
OF_THE_SCRAPE: Final = frozenset({"instance", "job"})
METRIC: Final = re.compile(r"\b(?P<name>up|(?:blockpool|process)_\w+)(?:\{(?P<labels>[^}]*)\})?")


def measured() -> dict[str, frozenset[str]]:
    """Every series a node has, by name its labels."""
    registry = Metrics().registry
    found = {"up": OF_THE_SCRAPE}
    for collector, names in registry._collector_to_names.items():
        if isinstance(collector, MetricWrapperBase):
            for name in set(names) - {collector._name}:  # counters end in _total, and so on
                more = {"le"} if name.endswith("_bucket") else set()
                found[name] = OF_THE_SCRAPE | more | set(collector._labelnames)
    for family in registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, OF_THE_SCRAPE)
    found |= dict.fromkeys(GAUGES, OF_THE_SCRAPE)
    return found | dict.fromkeys(MEMBER_GAUGES, OF_THE_SCRAPE | {"member"})


def misspelt(expression: str) -> Iterator[str]:
    """The metrics and labels of an expression that no node has."""
    known, labels = measured(), set(OF_THE_SCRAPE)
    for metric in METRIC.finditer(expression):
        own = known.get(metric["name"])
        if own is None:
            yield metric["name"]
            continue
        labels |= own
        yield from set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", metric["labels"] or "")) - own
    for listed in re.findall(r"\b(?:by|on|group_left|group_right)\s*\(([^)]*)\)", expression):
        yield from set(re.findall(r"\w+", listed)) - labels


def alarms() -> dict[str, str]:
    """The alarms of the manual, by name when they are raised."""
    section = MANUAL.partition("\n## Alarms, and what to do\n")[2].partition("\n\n**")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", section, re.MULTILINE)
    return dict(rows[1:])


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_what_is_measured_is_spelt_as_the_node_spells_it(name: str) -> None:
    assert METRIC.search(EXPRESSIONS[name])
    assert not list(misspelt(EXPRESSIONS[name]))


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ('up{job="x"} == 0', []),
        ("blockpool_log_sizes > 1", ["blockpool_log_sizes"]),
        ('blockpool_log_size{member="x"}', ["member"]),
        ('blockpool_requests_total{status="503"}', []),
        ('blockpool_requests{status="503"}', ["blockpool_requests"]),
        ('blockpool_requests_total{code="503"}', ["code"]),
        ("sum by (le, route) (blockpool_commit_seconds_bucket)", ["route"]),
        ("process_start_seconds", ["process_start_seconds"]),
    ],
)
def test_misspelt_metrics_and_labels_are_seen(expression: str, wrong: list[str]) -> None:
    assert list(misspelt(expression)) == wrong


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_the_values_of_labels_exist(name: str) -> None:
    examples = json.loads((ROOT / "node/api/examples.json").read_text(encoding="utf-8"))
    routes = {one.partition(" ")[2] for one in examples} | {"none"}
    known = {
        "method": {one.partition(" ")[0] for one in examples},
        "result": {"fails", "holds"},
        "route": routes,
        "status": {str(status) for status, _ in PROBLEMS.values()},
    }
    selected = r'(method|result|route|status)(?:=|!=|=~)"([^"]*)"'
    for label, value in re.findall(selected, EXPRESSIONS[name]):
        assert any(re.fullmatch(value, one) for one in known[label]), f"{label}={value}"


@pytest.mark.parametrize("alarm", alarms())
def test_each_alarm_of_the_manual_has_a_rule(alarm: str) -> None:
    rules = [one for one in ALERTS.values() if alarm in one["annotations"]["alarm"].split(", ")]
    assert rules
    wanted = re.findall(r"\bblockpool_\w+", alarms()[alarm])
    used = " ".join(one["expr"] for one in rules)
    assert all(re.search(rf"\b{name}(?:_bucket)?\b", used) for name in wanted)


@pytest.mark.parametrize("name", ALERTS)
def test_each_rule_says_of_which_alarm_it_is_and_what_to_do(name: str) -> None:
    told = ALERTS[name]["annotations"]
    assert set(told["alarm"].split(", ")) <= alarms().keys()
    assert told["summary"]
    assert told["action"]
    document, _, anchor = told["runbook"].partition("#")
    headings = re.findall(r"^#+ (.*)$", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


def test_each_rule_is_tried() -> None:
    samples = [
        sample["labels"]
        for test in read("alerts_test.yaml")["tests"]
        for asked in test["promql_expr_test"]
        for sample in asked["exp_samples"]
    ]
    tried = {re.search('alertname="(.*?)"', one)[1] for one in samples}  # type: ignore[index]
    assert tried == ALERTS.keys()


def test_the_dashboard_shows_what_the_alarms_are_about() -> None:
    shown = set(
        METRIC.findall(" ".join(one["expr"] for p in PANELS.values() for one in p["targets"]))
    )
    names = {name for name, _ in shown}
    raised = {name for when in alarms().values() for name in re.findall(r"\bblockpool_\w+", when)}
    assert raised - {"blockpool_commit_seconds", "blockpool_block_timestamp_seconds"} <= names
    assert {"blockpool_commit_seconds_bucket", "blockpool_records_total"} <= names
    places = [one["gridPos"] for one in PANELS.values()]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    assert {one["datasource"]["uid"] for one in PANELS.values()} == {"${datasource}"}


PROMTOOL: Final = shutil.which("promtool")


@pytest.mark.skipif(PROMTOOL is None, reason="no promtool here: apt install prometheus")
@pytest.mark.parametrize(
    "arguments",
    ["check rules alerts.yaml", "check config prometheus.yaml", "test rules alerts_test.yaml"],
)
def test_prometheus_takes_the_rules(arguments: str) -> None:
    subprocess.run([str(PROMTOOL), *arguments.split()], cwd=DEPLOY, check=True, capture_output=True)

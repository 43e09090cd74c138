"""What watches a keeper: all that its alerts and dashboard name exists, and is explained."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from steelyard.keeper import decide as deciding
from steelyard.keeper.breaker import Fault
from steelyard.keeper.monitor import PREFIX as METRICS
from steelyard.keeper.monitor import Monitor
from steelyard.keeper.settings import PREFIX, Settings
from steelyard.keeper.types import Cause

ROOT = Path(__file__).resolve().parents[2]
OPS = ROOT / "ops"
WAITS = {Cause.IDLE, Cause.PENDING, Cause.ENDED, Cause.COOLDOWN, Cause.BUDGET}


def load(name):
    return yaml.safe_load((OPS / name).read_text())


@pytest.fixture(scope="module")
def rules():
    groups = load("prometheus/rules.yml")["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


@pytest.fixture(scope="module")
def dashboard():
    return json.loads((OPS / "grafana/keeper.json").read_text())


@pytest.fixture(scope="module")
def exported():
    """Names of all series, as Prometheus stores them; of a histogram those that are asked for."""
    names = set()
    for family in Monitor(6).registry.collect():
        ends = {"counter": ["_total"], "histogram": ["_bucket"]}.get(family.type, [""])
        names |= {family.name + end for end in ends}
    return {name for name in names if not name.endswith("_created")}


def headings():
    text = (ROOT / "docs" / "runbook.md").read_text()
    return re.findall(r"^#+ (.+)$", text, re.MULTILINE)


def named(text):
    return set(re.findall(rf"{METRICS}_\w+", text))


def queries(dashboard):
    return " ".join(t["expr"] for panel in dashboard["panels"] for t in panel.get("targets", []))


# ---------------------------------------------------------------- METRICS


def test_dashboard_shows_every_metric_and_no_other(dashboard, exported):
    assert named(queries(dashboard)) == exported


def test_alerts_ask_for_metrics_that_exist(rules, exported):
    asked = {metric for rule in rules.values() for metric in named(rule["expr"])}
    assert asked
    assert asked <= exported


def test_labels_of_queries_exist(rules, dashboard):
    text = queries(dashboard) + " ".join(rule["expr"] for rule in rules.values())
    grouped = {
        name.strip() for names in re.findall(r"by \(([^)]+)\)", text) for name in names.split(",")
    }
    compared = set(re.findall(rf"{METRICS}_\w+\{{(\w+)", text))
    shown = {
        name
        for panel in dashboard["panels"]
        for t in panel.get("targets", [])
        for name in re.findall(r"{{(\w+)}}", t.get("legendFormat", ""))
    }
    known = {"instance", "le"}
    for metric in vars(Monitor(6)).values():
        known |= set(getattr(metric, "_labelnames", ()))
    assert grouped | compared | shown <= known
    assert {"symbol", "edge", "fault"} <= grouped | compared


def test_panels_lie_beside_each_other_on_the_provisioned_source(dashboard):
    source = load("grafana/datasource.yaml")["datasources"][0]["uid"]
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        assert all(target["datasource"]["uid"] == source for target in panel.get("targets", []))
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


# ---------------------------------------------------------------- RUNBOOK


def test_every_alert_has_a_heading_and_links_to_it(rules):
    assert set(rules) <= set(headings())
    for name, rule in rules.items():
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
        assert rule["labels"]["severity"] in ("critical", "warning")


def test_no_heading_of_an_alert_is_left_over(rules):
    assert {name for name in headings() if re.fullmatch(r"Keeper[A-Z]\w+", name)} == set(rules)


def test_every_fault_of_the_breaker_has_a_heading():
    explained = [
        name.removeprefix("Stopped: ") for name in headings() if name.startswith("Stopped: ")
    ]
    assert explained == [fault.value for fault in Fault]


def test_every_cause_is_an_alert_with_a_heading_or_a_wait_in_the_table():
    begin = "Cannot be kept: "
    alerts = [name.removeprefix(begin) for name in headings() if name.startswith(begin)]
    waits = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    assert set(waits) == WAITS
    assert sorted(alerts + waits) == sorted(Cause)


def test_what_the_runbook_calls_a_wait_is_never_decided_to_be_an_alert():
    tree = ast.parse(Path(deciding.__file__).read_text())
    calls = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "_alert"
    ]
    literal = {arg.attr for call in calls for arg in call.args if isinstance(arg, ast.Attribute)}
    obstacles = {o.name for o in deciding._OBSTACLES if o not in deciding._CLOCK}
    assert len(calls) > 5
    assert not {cause.name for cause in WAITS} & (literal | obstacles)


def test_every_section_of_the_runbook_says_what_to_do_and_when_it_is_over():
    text = (ROOT / "docs" / "runbook.md").read_text()
    sections = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    for section in sections:
        title = section.splitlines()[0]
        assert re.findall(r"^- \*\*(\w+)\*\*", section, re.MULTILINE) == ["Means", "Do", "Over"], (
            title
        )


def test_runbook_names_only_settings_that_exist():
    text = (ROOT / "docs" / "runbook.md").read_text()
    used = {name.lower() for name in re.findall(rf"{PREFIX}(\w+)", text)}
    assert used <= set(Settings.model_fields)
    assert set(re.findall(r"`(max_\w+|min_\w+|cool_off|\w+_floor|sponsor\w*)`", text)) <= {
        *Settings.model_fields, "sponsor_budget"
    }  # fmt: skip


# ---------------------------------------------------------------- WITH THE PROGRAMS THEMSELVES


def need(program):
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"needs {program}")
    return found


def run(*command, folder=OPS):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_prometheus_takes_its_configuration():
    run(need("promtool"), "check", "config", "prometheus/prometheus.yml")


def test_alerts_fire_when_they_should():
    run(need("promtool"), "test", "rules", str(Path(__file__).with_name("alerts.yml")))


def test_every_alert_is_tested(rules):
    tests = yaml.safe_load(Path(__file__).with_name("alerts.yml").read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == set(rules)

"""Dashboard, alerts and runbooks hold together, and ask only for metrics that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from prometheus_client import REGISTRY

from bot.system import System

ROOT = Path(__file__).parent.parent.parent
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "hashar.json"
RUNBOOKS = ROOT / "docs" / "runbooks"
HEADINGS = ["What people notice", "How to see it", "What to do", "How to know that it is over"]

_METRIC = re.compile(r"\b(?:hashar|process)_[a-z_]+")
_LABELS = re.compile(r"\bby \(([a-z_, ]+)\)|\{([^}]*)\}")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def expressions() -> list[str]:
    targets = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [rule["expr"] for rule in rules()] + targets


def labels(expression: str) -> set[str]:
    """Return the labels that an expression groups or selects by."""
    found = set()
    for grouped, selected in _LABELS.findall(expression):
        found |= {name.strip() for name in grouped.split(",") if name.strip()}
        found |= set(re.findall(r"([a-z_]+)\s*(?:=|!=|=~|!~)\s*\"", selected))
    return found


async def test_every_metric_asked_for_is_there(system: System) -> None:
    """Each metric of dashboard and alerts is served by a running system, with the labels used."""
    assert system.gateway is not None
    url = f"http://127.0.0.1:{system.gateway.port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        served = set(re.findall(r"^# TYPE (\S+)", await answer.text(), re.MULTILINE))
    known = {
        metric.name: set(getattr(collector, "_labelnames", ()))
        for collector in REGISTRY._collector_to_names
        for metric in collector.collect()
    }
    for expression in expressions():
        allowed = {"le", "job", "instance"}
        for name in _METRIC.findall(expression):
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            assert base in served, (name, expression)
            allowed |= known.get(base, set()) | known.get(base.removesuffix("_total"), set())
        assert labels(expression) <= allowed, expression


def test_every_alert_leads_to_a_page() -> None:
    """Each alert has a time, a severity and a page that names it; no page is left over."""
    pages = set()
    for rule in rules():
        assert re.fullmatch(r"\d+[mh]", rule["for"])
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"].endswith(".")
        page = ROOT / rule["annotations"]["runbook_url"]
        text = page.read_text(encoding="utf-8")
        assert f"`{rule['alert']}`" in text, page
        pages.add(page)
    assert pages == set(RUNBOOKS.glob("*.md"))
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_pages_answer_the_four_questions(page: Path) -> None:
    """What people notice, how to see it, what to do, how to know that it is over; and the settings,
    commands, metrics and pages that they name exist."""
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    settings = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name in re.findall(r"`([A-Z]+_[A-Z_]+)`", text):
        assert f"`{name}`" in settings, name
    commands = (ROOT / "bot" / "__main__.py").read_text(encoding="utf-8")
    for name in re.findall(r"`hashar ([a-z]+)", text):
        assert f'"{name}":' in commands, name
    metrics = (ROOT / "bot" / "metrics.py").read_text(encoding="utf-8")
    for name in re.findall(r"hashar_[a-z_]+", text):
        assert f'"{name}"' in metrics, name
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert (page.parent / link).exists(), link


def test_dashboard_is_whole() -> None:
    """Panels say what they show and in which unit, do not overlap, and use the chosen source."""
    taken = set()
    for panel in panels():
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] == "${source}"
        for page in re.findall(r"docs/runbooks/\S+\.md", panel["description"]):
            assert (ROOT / page).exists()
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (package prometheus) is absent")
def test_prometheus_takes_the_rules() -> None:
    """Prometheus' own checker finds nothing wrong with the rules."""
    command = ["promtool", "check", "rules", str(ALERTS)]
    assert subprocess.run(command, capture_output=True).returncode == 0

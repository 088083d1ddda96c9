"""docs/openapi.yml is true: the same routes, and answers as it says, to good and bad requests."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks

from bot.system import System
from tests.conftest import ROOT
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.fakes.telegram_post import SECRET_HEADER
from tests.security.conftest import Run, url

FILE = ROOT / "docs/openapi.yml"
SECRET = "a-secret"
checks.load_all_checks()
CHECKS = checks.CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "response_headers_conformance",
    ]
)


async def start(run: Run, telegram: FakeTelegram) -> Any:
    """Return a system that serves every route there is."""
    return run(
        telegram_token=TOKEN,
        telegram_api_url=telegram.url,
        telegram_webhook_secret=SECRET,
        public_url="http://127.0.0.1:1",
        rest_token=SECRET,
        metrics_token=SECRET,
    )


def routes(system: System) -> set[tuple[str, str]]:
    """Return method and path of each route."""
    assert system.gateway is not None
    found = set()
    for route in system.gateway.app().router.routes():
        resource = route.resource
        if resource is not None and route.method != "HEAD":
            found.add((route.method, resource.canonical))
    return found


async def test_the_description_names_every_route_and_no_other(run: Run) -> None:
    described = yaml.safe_load(FILE.read_text(encoding="utf-8"))["paths"]
    named = {(method.upper(), path) for path, row in described.items() for method in row}
    async with FakeTelegram() as telegram, await start(run, telegram) as system:
        assert named == routes(system)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_answers_are_as_described(run: Run, mode: GenerationMode) -> None:
    """Good and bad requests made from the description itself, against a real gateway and store."""
    async with FakeTelegram() as telegram, await start(run, telegram) as system:
        count = await asyncio.to_thread(attack, url(system), mode, 6)
        assert count > 40


def attack(base: str, mode: GenerationMode, each: int) -> int:
    """Send requests to each operation and check the answers; return how many were sent."""
    sent = 0
    schema = schemathesis.openapi.from_path(str(FILE))
    headers = {"Authorization": f"Bearer {SECRET}", SECRET_HEADER: SECRET}
    with requests.Session() as session:
        for found in schema.get_all_operations():
            operation = found.ok()

            @seed(1)
            @settings(
                max_examples=each,
                database=None,
                deadline=None,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            )
            @given(operation.as_strategy(generation_mode=mode))
            def once(case: Any) -> None:
                nonlocal sent
                if isinstance(case.query, dict) and "wait" in case.query:
                    case.query["wait"] = "0"
                answer = case.call(
                    base_url=base, session=session, headers=headers, allow_redirects=False
                )
                case.validate_response(answer, checks=CHECKS)
                sent += 1

            with contextlib.suppress(Unsatisfiable):  # nothing can be wrong where nothing is asked
                once()
    return sent

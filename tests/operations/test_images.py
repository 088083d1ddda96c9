"""Containers and manifests: what they promise, and that the images' commands run as they are."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.embedded import EmbeddedStore, free_port
from bot.settings import Settings
from bot.system import ROLES
from tests.fakes.rasa import FakeRasa
from tests.processes import Process, answers, processes, wait_for

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
BOT = DEPLOY / "containers" / "bot.Dockerfile"
RASA = DEPLOY / "containers" / "rasa.Dockerfile"
IMAGE = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)?:\d[\w.-]*")
NAMES = {field.name.upper() for field in dataclasses.fields(Settings)}


@dataclasses.dataclass
class Image:
    """What a Dockerfile says, as far as our own files go."""

    bases: list[str]
    copied: list[str]
    environment: dict[str, str]
    user: str
    entry: list[str]
    command: list[str]
    health: list[str]
    text: str

    @classmethod
    def read(cls, path: Path) -> Image:
        text = path.read_text(encoding="utf-8")
        joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
        rows = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
        listed = {word: [rest for name, rest in rows if name == word] for word, _ in rows}
        copied = [rest.split()[0] for rest in listed["COPY"] if not rest.startswith("--from")]
        pairs = [tuple(pair.split("=", 1)) for rest in listed["ENV"] for pair in shlex.split(rest)]
        return cls(
            bases=[rest.split()[0] for rest in listed["FROM"]],
            copied=copied,
            environment=dict(pairs),
            user=listed["USER"][-1],
            entry=yaml.safe_load(listed["ENTRYPOINT"][-1]),
            command=yaml.safe_load(listed["CMD"][-1]),
            health=yaml.safe_load(listed["HEALTHCHECK"][-1].split("CMD", 1)[1]),
            text=joined,
        )


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
    return found


def manifests() -> list[dict[str, Any]]:
    folder = DEPLOY / "kubernetes"
    names = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert {path.name for path in folder.glob("*.yaml")} == {*names, "kustomization.yaml"}
    return [one for name in names for one in yaml.safe_load_all((folder / name).read_text())]


def workloads() -> list[tuple[str, dict[str, Any]]]:
    return [
        (one["metadata"]["name"], one["spec"]["template"])
        for one in manifests()
        if one["kind"] in ("Deployment", "StatefulSet")
    ]


@pytest.mark.parametrize("path", [BOT, RASA], ids=lambda path: path.stem)
def test_images_are_pinned_locked_and_unprivileged(path: Path) -> None:
    """Bases by version and without a registry's address, packages by hash, no root."""
    image = Image.read(path)
    assert len(image.bases) == 2
    for base in image.bases:
        assert IMAGE.fullmatch(base), base
    assert image.user.split(":")[0].isdigit()
    assert image.user != "0:0"
    installs = re.findall(r"pip install[^&]+", image.text)
    assert installs
    assert all("--require-hashes" in line and "--no-deps" in line for line in installs)
    for source in image.copied:
        assert (ROOT / source).exists(), source
        allowed = (ROOT / ".dockerignore").read_text().split()
        assert f"!{source.split('/')[0]}" in "".join(allowed).replace("/", ""), source


def test_only_the_gateway_is_open_in_compose() -> None:
    """One open port, on this machine; no root file system to write, no capability, and limits."""
    services = compose()["services"]
    assert [name for name, one in services.items() if one.get("ports")] == ["gateway"]
    assert services["gateway"]["ports"] == ["127.0.0.1:8080:8080"]
    assert set(ROLES) <= set(services)
    assert compose()["networks"]["inside"]["internal"] is True
    for name, one in services.items():
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        assert one["deploy"]["resources"]["limits"]["memory"], name
        assert one["networks"], name
        reaches_out = "outside" in one["networks"]
        assert reaches_out == (name in ("gateway", "sender")), name
        named = {volume.split(":")[0] for volume in one["volumes"]}
        assert named - {"../content"} <= set(compose()["volumes"]), name
        assert set(one.get("environment", {})) <= NAMES, name
    for line in (DEPLOY / "example.env").read_text().splitlines():
        assert line.startswith("#") or line.split("=")[0] in NAMES, line


def test_workloads_are_limited_probed_and_unprivileged() -> None:
    """Every pod: no root, a read-only file system, requests, limits and probes; a service and a
    budget for disruptions select exactly what there is."""
    labels = {
        template["metadata"]["labels"]["app.kubernetes.io/name"] for _, template in workloads()
    }
    assert labels == {*ROLES, "rasa", "valkey"}
    for name, template in workloads():
        pod = template["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        for one in [*pod["containers"], *pod.get("initContainers", [])]:
            assert one["securityContext"]["readOnlyRootFilesystem"] is True, name
            assert one["securityContext"]["capabilities"]["drop"] == ["ALL"]
            assert one["resources"]["limits"]["memory"]
            assert one["resources"]["requests"]["memory"]
            volumes = {volume["name"] for volume in pod.get("volumes", [])} | {"store"}
            assert {mount["name"] for mount in one["volumeMounts"]} <= volumes
        for one in pod["containers"]:
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(one)
        if pod["containers"][0]["image"] == "hashar-bot":
            assert pod["containers"][0]["args"][0] in ROLES
    for one in manifests():
        if one["kind"] in ("Service", "PodDisruptionBudget"):
            chosen = one["spec"]["selector"]
            assert chosen.get("matchLabels", chosen)["app.kubernetes.io/name"] in labels
        if one["kind"] == "ConfigMap":
            assert set(one["data"]) <= NAMES
    assert not [one for one in manifests() if one["kind"] == "Secret"]


def test_network_is_closed_but_for_what_is_needed() -> None:
    """All traffic is denied, then opened by name; Rasa and the store reach nothing."""
    policies = {
        o["metadata"]["name"]: o["spec"] for o in manifests() if o["kind"] == "NetworkPolicy"
    }
    assert policies["closed"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name in ("rasa", "valkey"):
        assert policies[name]["policyTypes"] == ["Ingress"]
    out = policies["platforms"]["podSelector"]["matchExpressions"][0]["values"]
    assert out == ["gateway", "sender"]


# -- the images' own commands ---------------------------------------------------------------


def tree(image: Image, folder: Path) -> Path:
    """Lay out what a Dockerfile copies, and nothing else."""
    app = folder / "app"
    for source in image.copied:
        target = app / source
        target.parent.mkdir(parents=True, exist_ok=True)
        ignored = shutil.ignore_patterns("__pycache__")
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=ignored)
        else:
            shutil.copy(ROOT / source, target)
    return app


def current_python() -> str:
    """Return a Python 3.13, or skip."""
    places = [shutil.which("python3.13"), *Path.home().glob(".pyenv/versions/3.13*/bin/python")]
    for place in places:
        check = [str(place), "-c", "import venv, ensurepip, sys; assert sys.version_info[1] == 13"]
        if place and subprocess.run(check, capture_output=True).returncode == 0:
            return str(place)
    pytest.skip("no Python 3.13 here")


@pytest.fixture
def short() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hashar-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def environment(image: Image, app: Path, python: Path, **settings: str) -> dict[str, str]:
    values = {**image.environment, "CONTENT_DIR": str(app / "content"), **settings}
    return {**values, "PATH": f"{python.parent}:{os.environ['PATH']}", "HOST": "127.0.0.1"}


@pytest.mark.slow
async def test_commands_of_the_bot_image_run(short: Path) -> None:
    """Gateway, worker and sender run from the copied files alone, in an environment made of the
    image's lock on the image's Python; health checks pass, and no TensorFlow is in it."""
    made = ROOT / "build" / "image-bot"
    made.parent.mkdir(exist_ok=True)
    command = ["tools/environment", str(made.relative_to(ROOT)), "requirements/bot.txt"]
    subprocess.run([*command, current_python()], check=True, cwd=ROOT, capture_output=True)
    python = made / "bin" / "python"
    packages = {path.name.split("-")[0] for path in made.glob("lib/python3.13/site-packages/*")}
    assert not packages & {"rasa", "tensorflow", "sanic", "sklearn"}
    image = Image.read(BOT)
    app = tree(image, short)
    store = EmbeddedStore(Settings(data_dir=short))
    store.start()
    rasa = FakeRasa()
    await rasa.start()
    try:
        running = []
        for role in image.command + [role for role in ROLES if role not in image.command]:
            port = str(free_port())
            settings = {"PORT": port, "HEALTH_PORT": port, "DATA_DIR": str(short / role)}
            settings |= {"REDIS_URL": store.url, "RASA_URL": rasa.url, "PASSAGE_VECTORS": "false"}
            settings |= {"SECRET_KEYS": "a", "ID_KEY": "b"}
            values = environment(image, app, python, **settings)
            child = Process([*image.entry[1:], role], values, short / f"{role}.log")
            running.append((role, port, child.start(str(python), app)))
        with processes(*(child for _, _, child in running)):
            for role, port, child in running:
                url = f"http://127.0.0.1:{port}/readyz"
                wait_for(lambda url=url: answers(url), 90, f"{role}\n{child.output()[-2000:]}")
                check = [part.replace("8080", port) for part in image.health]
                subprocess.run([str(python), *check[1:]], check=True)
                assert child.stop() < 12
                assert child.process is not None
                assert child.process.returncode == 0, child.output()[-2000:]
    finally:
        await rasa.stop()
        store.stop()


@pytest.mark.slow
@pytest.mark.rasa
def test_commands_of_the_rasa_image_run(short: Path, model: Path) -> None:
    """The server runs from the copied files alone, and the health check passes; a model that is
    there already is not trained again."""
    image = Image.read(RASA)
    app = tree(image, short)
    (short / "models").mkdir()
    shutil.copy(model, short / "models")
    port = str(free_port())
    python = ROOT / ".venv" / "bin" / "python"
    values = environment(image, app, python, MODELS_DIR=str(short / "models"), HOME=str(short))
    command = [part.replace("0.0.0.0", "127.0.0.1").replace("5005", port) for part in image.command]
    child = Process([*image.entry[1:], *command], values, short / "rasa.log")
    with processes(child.start(str(python), app)):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/status"), 120, child.output()[-2000:])
        check = [part.replace("5005", port) for part in image.health]
        subprocess.run([str(python), *check[1:]], check=True)
        assert child.stop() < 12

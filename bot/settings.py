"""One frozen Settings, read from the environment; each one is in docs/settings.md."""

from __future__ import annotations

import dataclasses
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import SettingsError


def _setting(default: Any, about: str, *, secret: bool = False) -> Any:
    """Return a dataclass field that carries its line of documentation."""
    return field(default=default, metadata={"about": about, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. Field `redis_url` is the environment variable REDIS_URL."""

    host: str = _setting("127.0.0.1", "Address that the gateway listens on.")
    port: int = _setting(8080, "Port of the web page, webhooks and metrics; 0 takes a free one.")
    health_port: int = _setting(
        0, "Port for health and metrics of a worker or sender by itself; 0: none."
    )
    public_url: str = _setting(
        "", "Address under which the internet reaches the gateway; with it, webhooks are used."
    )
    trusted_proxies: str = _setting(
        "", "Networks of reverse proxies whose X-Forwarded-For is believed, comma-separated."
    )
    data_dir: Path = _setting(Path("data"), "Folder of the embedded store and the generated keys.")
    content_dir: Path = _setting(Path("content"), "Folder of the content files.")
    models_dir: Path = _setting(Path("models"), "Folder of the trained Rasa models.")
    redis_url: str = _setting(
        "", "Valkey/Redis to use (redis://, rediss://, unix://); empty starts an embedded one."
    )
    redis_cluster: bool = _setting(
        False, "Whether REDIS_URL is a cluster: the address of any of its nodes."
    )
    rasa_url: str = _setting("", "Rasa NLU server to use; empty starts one.")
    shards: int = _setting(16, "Shards of the conversations; never change it on a filled store.")
    worker_concurrency: int = _setting(32, "Turns that one worker handles at once.")
    lease_seconds: float = _setting(8.0, "Seconds after which a silent worker's shards are taken.")
    parse_timeout: float = _setting(8.0, "Seconds to wait for Rasa before free text is parked.")
    parked_hours: float = _setting(12.0, "Hours that a parked question waits for Rasa.")
    passage_vectors: bool = _setting(
        True, "Whether passages are also searched by meaning (costs a minute once in a thread)."
    )
    conversation_days: float = _setting(90.0, "Days after which a silent conversation is erased.")
    dead_days: float = _setting(
        14.0, "Days that dead letters are kept for whoever looks into them."
    )
    audit_days: float = _setting(365.0, "Days for which it is noted which admin command ran when.")
    unanswered_days: float = _setting(
        30.0, "Days that redacted phrases that were not understood are kept; 0 keeps none."
    )
    mailbox_hours: float = _setting(24.0, "Hours that answers wait for a web client to fetch them.")
    dedup_hours: float = _setting(48.0, "Hours for which a redelivered update is recognised.")
    user_rate: int = _setting(30, "Messages a minute that one conversation may send; 0: no limit.")
    address_rate: int = _setting(
        600, "Messages a minute from one internet address over the web chat; 0: no limit."
    )
    global_rate: int = _setting(0, "Messages a second accepted in all by a gateway; 0: no limit.")
    connections: int = _setting(4000, "Connections that a gateway holds at once; 0: no limit.")
    address_connections: int = _setting(
        200, "Connections at once from one internet address; 0: no limit."
    )
    telegram_token: str = _setting("", "Token of the Telegram bot, from BotFather.", secret=True)
    telegram_api_url: str = _setting("https://api.telegram.org", "Telegram Bot API server.")
    telegram_rate: float = _setting(25.0, "Messages a second sent to Telegram.")
    telegram_webhook_secret: str = _setting(
        "", "Secret of the Telegram webhook; empty derives one from the keys.", secret=True
    )
    rest_token: str = _setting(
        "",
        "Token for the REST channel and /model/parse; empty allows this machine only.",
        secret=True,
    )
    metrics_token: str = _setting(
        "", "Token for /metrics; empty allows this machine only.", secret=True
    )
    actions_token: str = _setting(
        "",
        "Token for our actions' server (actions.server); empty allows this machine only.",
        secret=True,
    )
    secret_keys: str = _setting(
        "",
        "Keys that seal addresses and streams, newest first, comma-separated; "
        "empty keeps a generated key in DATA_DIR.",
        secret=True,
    )
    id_key: str = _setting(
        "", "Key of the conversation ids; empty keeps a generated one in DATA_DIR.", secret=True
    )
    log_level: str = _setting("info", "debug, info, warning or error; no level logs texts.")
    log_format: str = _setting("auto", "json, text, or auto: text on a terminal.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Return the settings. Raises SettingsError that names the variable and what it takes."""
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for one in dataclasses.fields(cls):
            raw = environment.get(one.name.upper(), "").strip()
            if raw:
                values[one.name] = _convert(one.name.upper(), raw, one.default)
        settings = cls(**values)
        settings._check()
        return settings

    def _check(self) -> None:
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"PORT must be between 0 and 65535, not {self.port}.")
        if not 0 <= self.health_port <= 65535:
            raise SettingsError(f"HEALTH_PORT must be between 0 and 65535, not {self.health_port}.")
        if not 1 <= self.shards <= 1024:
            raise SettingsError(f"SHARDS must be between 1 and 1024, not {self.shards}.")
        if self.lease_seconds < 1:
            raise SettingsError("LEASE_SECONDS must be at least 1.")
        if self.public_url and not self.public_url.startswith("https://"):
            raise SettingsError("PUBLIC_URL must start with https://, as Telegram demands.")
        for name in ("rasa_url", "telegram_api_url"):
            url = getattr(self, name)
            if url and not url.startswith(("http://", "https://")):
                raise SettingsError(f"{name.upper()} must start with http:// or https://.")
        if self.redis_url and not self.redis_url.startswith(("redis://", "rediss://", "unix://")):
            raise SettingsError("REDIS_URL must start with redis://, rediss:// or unix://.")
        if self.redis_cluster and not self.redis_url.startswith(("redis://", "rediss://")):
            raise SettingsError(
                "REDIS_CLUSTER needs the address of a node in REDIS_URL: redis:// or rediss://."
            )
        if self.log_format not in ("auto", "json", "text"):
            raise SettingsError("LOG_FORMAT must be auto, json or text.")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise SettingsError("LOG_LEVEL must be debug, info, warning or error.")


def _convert(name: str, raw: str, default: Any) -> Any:
    try:
        if isinstance(default, bool):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
                raw.lower()
            ]
        if isinstance(default, int):
            return int(raw)
        if isinstance(default, float):
            return float(raw)
    except (ValueError, KeyError):
        wanted = {bool: "true or false", int: "a whole number", float: "a number"}[type(default)]
        raise SettingsError(f"{name} must be {wanted}, not '{raw}'.") from None
    if isinstance(default, Path):
        return Path(raw).expanduser()
    return raw.rstrip("/") if name.endswith("_URL") else raw


def generated_secret(folder: Path, name: str) -> str:
    """Return the secret kept in a file of the data folder, made on first use (mode 0600)."""
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        text = path.read_text(encoding="ascii").strip()
        if not text:
            raise SettingsError(f"{path} is empty; restore it from your backup.") from None
        return text
    except OSError as error:
        raise SettingsError(f"DATA_DIR: cannot write {path}: {error.strerror}.") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        secret = secrets.token_urlsafe(32)
        file.write(secret + "\n")
    return secret

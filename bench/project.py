"""Writes a stock Rasa project with our content: domain, rules, stories, examples, answers.

The pipeline and policies are those of Rasa's own default_config.yml; only epochs are cut.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from actions import ACTIONS
from actions.base import Call
from bench.processes import BenchError
from bot.channels import profile
from bot.conversation import Conversation
from bot.decide import INTENTS
from bot.library.live import LiveLibrary
from bot.library.model import SECTIONS, Library
from bot.render import Renderer
from nlu.asks import topics

NOBODY = Conversation(id="", channel="rest")
STORIES = 6


class Project:
    """A Rasa project in a folder, made from a copy of our code and content. `lean`: RulePolicy
    alone, the quickest that Rasa can be; `examples`: the most of an intent and language."""

    def __init__(self, folder: Path, tree: Path, epochs: int, lean: bool, examples: int) -> None:
        self.folder = folder
        self._content = tree / "content"
        self._data = tree / "nlu" / "data"
        self._epochs = epochs
        self._lean = lean
        self._most = examples
        self._library: Library = LiveLibrary(self._content).current

    @cached_property
    def fallback(self) -> str:
        """The text that the assistant says when it did not understand."""
        return str(self._say("not_found")[-1]["text"])

    def write(self) -> None:
        """Write all files of the project but the action server's address."""
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "data").mkdir(parents=True)
        intents = self._examples()
        self._yaml("config.yml", self._config())
        self._yaml("domain.yml", self._domain(intents))
        self._yaml("data/rules.yml", {"version": "3.1", "rules": _rules(intents)})
        if not self._lean:
            self._yaml("data/stories.yml", {"version": "3.1", "stories": _stories(intents)})
        self._yaml("credentials.yml", {"rest": None})
        answers = json.dumps(self._answers(), ensure_ascii=False)
        (self.folder / "answers.json").write_text(answers, encoding="utf-8")
        shutil.copy(Path(__file__).parent / "stock_actions.py", self.folder)

    def point_to(self, actions_url: str) -> None:
        """Write the action server's address."""
        self._yaml("endpoints.yml", {"action_endpoint": {"url": actions_url}})

    def _config(self) -> dict[str, Any]:
        """Return Rasa's default configuration with fewer epochs."""
        found = importlib.util.find_spec("rasa")
        if found is None or not found.origin:
            raise BenchError("Rasa is not installed here; run the bench in the full environment.")
        file = Path(found.origin).parent / "engine/recipes/config_files/default_config.yml"
        config: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        for part in (*config["pipeline"], *config["policies"]):
            if "epochs" in part:
                part["epochs"] = self._epochs
        if self._lean:
            config["policies"] = [{"name": "RulePolicy"}]
        return {**config, "assistant_id": "stock"}

    def _examples(self) -> list[str]:
        """Write the same examples that Hashar learns from; return the names of the intents."""
        rows = []
        for file in sorted(self._data.glob("*.yml")):
            for row in yaml.safe_load(file.read_text(encoding="utf-8")).get("nlu", ()):
                lines = row["examples"].splitlines(keepends=True)
                rows.append({"intent": row["intent"], "examples": "".join(lines[: self._most])})
        for topic in topics(self._content):
            if not self._shown(topic.intent):
                continue
            phrases = list(dict.fromkeys(filter(None, (topic.title, *topic.asks))))[: self._most]
            lines = "".join(f"- {' '.join(phrase.split())}\n" for phrase in phrases)
            rows.append({"intent": topic.intent, "examples": lines})
        self._yaml("data/nlu.yml", {"version": "3.1", "nlu": rows})
        return list(dict.fromkeys(row["intent"] for row in rows))

    def _shown(self, intent: str) -> bool:
        kind, _, name = intent.partition(".")
        return name in (self._library.guides if kind == "guide" else self._library.courses)

    def _domain(self, intents: Sequence[str]) -> dict[str, Any]:
        responses = {
            f"utter_{name}": self._say(*_action(name)) for name in intents if not _is_guide(name)
        }
        return {
            "version": "3.1",
            "intents": list(intents),
            "entities": ["section"],
            "actions": ["action_guide"],
            "responses": {**responses, "utter_default": self._say("not_found")},
            "session_config": {
                "session_expiration_time": 60,
                "carry_over_slots_to_new_session": True,
            },
        }

    def _say(self, action: str, *arguments: str, language: str = "en") -> list[dict[str, Any]]:
        """Return what an action of ours says, as Rasa's domain writes it."""
        call = Call(NOBODY, self._library, language, arguments)
        renderer = Renderer(self._library, profile("rest"))
        messages, _ = renderer.messages(ACTIONS[action](call).responses, language)
        return [
            {
                "text": message.text,
                "buttons": [
                    {"title": button.label, "payload": _payload(button.payload)}
                    for button in message.buttons
                ],
            }
            for message in messages
        ]

    def _answers(self) -> dict[str, Any]:
        """Return each guide's messages by language and section, ready to say."""
        return {
            guide: {
                language: {
                    section: self._say("guide", guide, section, language=language)
                    for section in ("short", *SECTIONS)
                }
                for language in self._library.languages
            }
            for guide in self._library.guides
        }

    def _yaml(self, name: str, data: Any) -> None:
        text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=1000)
        (self.folder / name).write_text(text, encoding="utf-8")


def _is_guide(intent: str) -> bool:
    return intent.startswith("guide.")


def _action(intent: str) -> tuple[str, ...]:
    """Return our action and its arguments for an intent that is not a guide's."""
    kind, _, name = intent.partition(".")
    return ("course", name) if kind == "course" else (INTENTS.get(intent, "help"),)


def _payload(payload: str) -> str:
    """Return our button's payload as a stock assistant has it: an intent."""
    name, *arguments = payload.split(":")
    if name == "guide" and len(arguments) > 1:
        section = json.dumps({"section": arguments[1]})
        return f"/guide.{arguments[0]}{section}"
    if name in ("guide", "course"):
        return f"/{name}.{arguments[0]}"
    intents = {action: intent for intent, action in INTENTS.items()}
    return "/" + intents.get(name, "help")


def _answer(intent: str) -> str:
    return "action_guide" if _is_guide(intent) else f"utter_{intent}"


def _rules(intents: Sequence[str]) -> list[dict[str, Any]]:
    pairs = [*((name, _answer(name)) for name in intents), ("nlu_fallback", "utter_default")]
    return [
        {"rule": f"on {intent}", "steps": [{"intent": intent}, {"action": action}]}
        for intent, action in pairs
    ]


def _stories(intents: Sequence[str]) -> list[dict[str, Any]]:
    """Return a few conversations: without stories Rasa's default policies learn nothing."""
    guides = [name for name in intents if _is_guide(name)]
    return [
        {
            "story": f"path {number}",
            "steps": [
                step
                for intent in ("greet", guides[number], guides[-number - 1], "thanks", "goodbye")
                for step in ({"intent": intent}, {"action": _answer(intent)})
            ],
        }
        for number in range(min(STORIES, len(guides) // 2))
    ]

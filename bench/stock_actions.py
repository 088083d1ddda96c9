"""The stock assistant's custom action, as Rasa's guide writes them; served by rasa-sdk.

Copied into the generated project. Answers come from answers.json beside it, written from the
same content as Hashar's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker  # type: ignore[import-untyped]
from rasa_sdk.executor import CollectingDispatcher  # type: ignore[import-untyped]

ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text(encoding="utf-8"))


class ActionGuide(Action):  # type: ignore[misc]
    """Answers a guide's intent with the guide's short answer, or a section of it."""

    def name(self) -> str:
        """Return the name in the domain."""
        return "action_guide"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Say the answer, with its buttons."""
        message = tracker.latest_message
        guide = message["intent"]["name"].partition(".")[2]
        language = (message.get("metadata") or {}).get("language", "en")
        section = next(tracker.get_latest_entity_values("section"), "short")
        answers = ANSWERS[guide]
        for answer in answers.get(language, answers["en"])[section]:
            dispatcher.utter_message(text=answer["text"], buttons=answer["buttons"])
        return []

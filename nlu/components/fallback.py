"""Better a question back than a wrong answer."""

from typing import Any

from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message

from nlu.components.base import Component
from nlu.components.registration import CLASSIFIER, component

FALLBACK = "nlu_fallback"
GUIDE = "guide."
FOLLOW_UP = "follow_up."


@component(CLASSIFIER, trainable=False)
class ConfidenceFallback(Component):
    """Puts `nlu_fallback` first when no intent is sure enough, as Rasa's own does.

    A component of ours because Rasa's brings TensorFlow into the serving process.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`threshold` of the best confidence, `ambiguity_threshold` of the lead over the next.

        `guide_threshold` stands for guides: their answers send people on their way, so one in a
        hundred may be wrong (docs/understanding.md). Where the person names the guide's subject
        ('passport'), `named_threshold` is enough: two witnesses say the same. `eager` intents are
        used from `eager_threshold` on: a helpline that nobody asked for does less harm than one
        that was not shown.
        """
        return {
            "threshold": 0.7,
            "guide_threshold": 0.8,
            "named_threshold": 0.75,
            "ambiguity_threshold": 0.05,
            "eager": ("distress", "guide.emergency", "guide.family-help"),
            "eager_threshold": 0.5,
        }

    def process(self, messages: list[Message]) -> list[Message]:
        """Replace unsure intents; the ranking of all intents stays behind."""
        for message in messages:
            ranking = message.get(INTENT_RANKING_KEY) or []
            if self._sure(ranking, _named(message)):
                continue
            fallback = {"name": FALLBACK, "confidence": self._config["threshold"]}
            message.set(INTENT, dict(fallback), add_to_output=True)
            message.set(INTENT_RANKING_KEY, [fallback, *ranking], add_to_output=True)
        return messages

    def _sure(self, ranking: list[dict[str, Any]], named: frozenset[str]) -> bool:
        if not ranking:
            return False
        intent, best = ranking[0]["name"], float(ranking[0]["confidence"])
        others = [(row["name"], float(row["confidence"])) for row in ranking[1:]]
        if intent.startswith(GUIDE):  # 'how much is a passport' is about both: no rivals
            asked = sum(score for name, score in others if name.startswith(FOLLOW_UP))
            others = [row for row in others if not row[0].startswith(FOLLOW_UP)]
            best /= 1.0 - min(asked, 0.5)
        lead = best - (others[0][1] if others else 0.0)
        lead_needed = float(self._config["ambiguity_threshold"])
        return best >= self._needed(intent, named) and lead >= lead_needed

    def _needed(self, intent: str, named: frozenset[str]) -> float:
        if intent in self._config["eager"]:
            return float(self._config["eager_threshold"])
        if intent.startswith(GUIDE):
            return float(self._config["named_threshold" if intent in named else "guide_threshold"])
        return float(self._config["threshold"])


def _named(message: Message) -> frozenset[str]:
    """Return the intents of the guides whose subjects a message names."""
    entities = message.get(ENTITIES) or []
    return frozenset(f"{GUIDE}{e['value']}" for e in entities if e["entity"] == "guide")

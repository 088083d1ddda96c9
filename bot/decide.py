"""From an understood text to an action. The table of intents, and the rules for doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from actions import walks, words
from actions.base import Call
from actions.guides import DANGERS
from bot.conversation import Conversation
from bot.library.model import SECTIONS, Library, Passage
from bot.understanding import Understood

SURE = 0.55
"""From this confidence on, an intent is acted upon. Calibrated: about this share is right."""

CLOSE = 0.5
"""A second intent counts as close when its confidence is at least this share of the first's."""

MAYBE = 0.15
"""Below this, an intent is not even offered as one of two that are close."""

LIKELY = 0.5
"""From this confidence on, a guide that is not sure is offered together with the next likely."""

HINTED = 0.15
"""Share of the follow-up intents from which on a text is about what was talked about last, where a
word in it names a section ('and the fee?') and no other intent is likelier. A model that knows no
such intents: what others have to be below."""

FEARED = 0.2
"""From this confidence on in DANGERS, numbers to call come before 'I did not understand': so all
held-out phrases about danger but two get some (docs/understanding.md)."""

RIVAL = 0.33
"""Share of the follow-up intents' confidence from which on 'out_of_scope' speaks against them:
'what papers does a gym want' is not about the passport of before."""

HEARD = 0.05
"""From this confidence on, a guide is offered beside the question what a text is about."""

ANSWERS = frozenset(SECTIONS) - {"steps", "for-someone-else"}
"""Sections that answer a question by themselves. 'How do I …' and 'for my mother' get the short
answer first; their sections are a button away."""

INTENTS: Mapping[str, str] = {
    "greet": "greet",
    "goodbye": "goodbye",
    "thanks": "thanks",
    "bot_challenge": "bot_challenge",
    "out_of_scope": "out_of_scope",
    "insult": "insult",
    "affirm": "affirm",
    "deny": "deny",
    "help": "help",
    "menu": "menu",
    "human": "human",
    "change_language": "language",
    "list_courses": "courses",
    "continue_course": "resume",
    "course_progress": "progress",
    "stop_course": "stop_course",
    "privacy": "privacy",
    "export_data": "export",
    "forget_me": "forget",
    "case_status": "case_status",
    "office_hours": "office_hours",
    "distress": "distress",
}
"""Intents that are not named after content, and the action of each."""


COURSES = ("course.", "list_courses")
TOPICS = ("guide.", "course.")
"""What the intents begin with that are named after content."""

FOLLOW_UP = "follow_up."
"""What the intents begin with of questions that name no service: 'and how much is it?'. The rest
of the name is the section that answers them."""

SEARCHED = ("not_found", "passages")
"""Outcomes of texts whose intent is not sure, so that the passages were searched."""

OPEN = ("which", "passages", "not_found", "out_of_scope", "parked", "empty")
"""Outcomes after which what was asked before still waits for its guide."""

FAILED = ("not_found", "out_of_scope")
"""Outcomes that leave a person without an answer; after two in a row people are offered."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An action with its arguments; `outcome` names the way it was found, for metrics."""

    action: str
    arguments: tuple[str, ...] = ()
    outcome: str = "intent"


def decide(
    understood: Understood,
    conversation: Conversation,
    library: Library,
    search: Callable[[], tuple[Passage, ...]],
    text: str = "",
) -> Decision:
    """Return what to do: the intent's action when sure, a question back when two are close,
    the nearest passages when unsure, and an honest 'not found' when nothing is near.

    `search` is called for the passages only where they decide: it costs more, the more content
    there is.
    """
    if decision := _in_walk(understood, conversation, library):
        return decision
    section = understood.entities.get("section", "")
    section = section if section in SECTIONS else ""
    if decision := _followed_up(understood, conversation, library, section):
        return decision
    ranking = _besides_follow_ups(understood, library)
    first, confidence = ranking[0] if ranking else ("", 0.0)
    section = (section if section in ANSWERS else "") if section else _asked(conversation)
    if guide := _own_case(understood, library, first, text):
        return Decision("case_status", (guide,))
    sure = understood.intent != "nlu_fallback" and confidence >= SURE
    close = [name for name, score in ranking[1:3] if score >= MAYBE and score >= CLOSE * confidence]
    if "distress" in close and _danger(first, library):
        return Decision("distress")  # its numbers are the same, its words are warmer
    if sure and not close:
        return _act(first, understood, library, section)
    content = [name for name in (first, *close) if name.startswith(TOPICS)]
    if confidence >= MAYBE and len(content) >= 2:
        return _ask_which(content, section)
    if sure:
        return _act(first, understood, library, section)
    if sum(score for name, score in ranking if name.startswith(COURSES)) >= SURE:
        return Decision("courses")  # one of them, or all: the list leads to both
    topics = [name for name, _ in ranking[:3] if name.startswith(TOPICS)]
    if confidence >= LIKELY and first in topics and len(topics) >= 2:
        return _ask_which(topics, section)
    if danger := _maybe_danger(ranking):
        return Decision("danger", (danger,), "not_found")
    if walks.asked(Call(conversation, library, conversation.language)):
        return Decision("walk_on", ("again",), "asked_again")
    # Only once: who is told twice by a guess that this is no topic of ours is led to people.
    if first == "out_of_scope" and confidence >= SURE / 2 and not conversation.failures:
        return Decision("out_of_scope", outcome="out_of_scope")
    if search():
        return Decision("passages", outcome="passages")
    return Decision("not_found", outcome="not_found")


def _in_walk(
    understood: Understood, conversation: Conversation, library: Library
) -> Decision | None:
    """Return what a text means to the questions that run: yes, no, stop, go on; else None."""
    call = Call(conversation, library, conversation.language)
    if understood.confidence < SURE or walks.running(call) is None:
        return None
    waiting = walks.asked(call)
    if waiting and waiting.question and waiting.question.yes_no:
        answer = {"affirm": "yes", "deny": "no"}.get(understood.intent)
        if answer:
            arguments = (waiting.guide.id, waiting.name, waiting.question.id, answer)
            return Decision("pick", arguments)
    if understood.intent == "stop_course" and waiting:
        return Decision("walk_stop")
    return Decision("walk_on") if understood.intent == "continue_course" else None


def _danger(intent: str, library: Library) -> bool:
    guide = library.guides.get(intent.partition(".")[2])
    return guide is not None and guide.emergency


def _maybe_danger(ranking: list[tuple[str, float]]) -> str:
    """Return the likeliest of the intents that mean danger, where they may well be meant, or ''."""
    feared = [row for row in ranking if row[0] in DANGERS]
    return feared[0][0] if sum(score for _, score in feared) >= FEARED else ""


def _own_case(understood: Understood, library: Library, first: str, text: str) -> str:
    """Return the guide of a service whose case a person asks about ('where is my …'), else ''.

    The phrases are `words.status` of strings/xx.yml; a question about papers, steps or a fee is
    none about a case.
    """
    if understood.entities.get("section", "") not in ("", "where", "time"):
        return ""
    _, _, guide = first.rpartition("guide.")
    guide = understood.entities.get("guide") or guide
    if guide not in library.guides or library.guides[guide].emergency:
        return ""
    said = f" {words.plain(text)}"
    phrases = words.listed(library, "words.status")
    return guide if any(phrase and phrase in said for phrase in phrases) else ""


def known(intent: str, library: Library) -> bool:
    """Return whether an intent leads anywhere in this library."""
    kind, _, name = intent.partition(".")
    if kind == "guide":
        return name in library.guides
    if kind == "course":
        return name in library.courses
    if kind == "follow_up":
        return name in SECTIONS
    return intent in INTENTS


def _followed_up(
    understood: Understood, conversation: Conversation, library: Library, section: str
) -> Decision | None:
    """Return what a question that names no service is about: the guide last shown; else None.

    `section` is what a word of the text names, or ''; the intent says it where that is sure.
    """
    asked = [row for row in understood.ranking if _follows(row[0]) and known(row[0], library)]
    rest = [row for row in understood.ranking if not _follows(row[0])]
    share = follow_up_share(asked)
    rival, score = rest[0] if rest else ("", 0.0)
    if _maybe_danger(rest) or (rival == "out_of_scope" and score >= RIVAL * share):
        return None
    sure = share >= SURE
    hinted = score < (share if asked else HINTED)
    if not sure and not (section and hinted and (share >= HINTED or not asked)):
        return None
    if not section or (asked and asked[0][1] >= SURE):
        section = asked[0][0].removeprefix(FOLLOW_UP)
    likely = [name.partition(".")[2] for name, score in rest
              if name.startswith("guide.") and score >= HEARD and known(name, library)]  # fmt: skip
    named = understood.entities.get("guide", "")
    if named in likely:
        return Decision("guide", (named, section))
    guide = str(conversation.slots.get("guide", ""))
    if guide not in library.guides:
        return Decision("which_service", (section, *likely[:2]), "which") if sure else None
    if score >= CLOSE * share and likely and f"guide.{likely[0]}" == rival and likely[0] != guide:
        return Decision("which_guide", (likely[0], guide, section), "which")
    return Decision("guide", (guide, section), "context")


def _asked(conversation: Conversation) -> str:
    """Return the section that a question asked for before it was known of which guide, or ''."""
    asked = conversation.slots.get("asked", "")
    return asked if asked in SECTIONS else ""


def follow_up_share(ranking: Iterable[tuple[str, float]]) -> float:
    """Return how sure a text is a follow-up, whichever section it is about."""
    return sum(score for name, score in ranking if _follows(name))


def _follows(intent: str) -> bool:
    return intent.startswith(FOLLOW_UP)


def _besides_follow_ups(understood: Understood, library: Library) -> list[tuple[str, float]]:
    """Return the intents that lead anywhere, best first, without the follow-ups.

    To these a guide is no rival: it is as sure as if their share were not there.
    """
    left = 1.0 - min(follow_up_share(understood.ranking), 0.5)
    found = [
        (name, score / left if name.startswith("guide.") else score)
        for name, score in understood.ranking
        if known(name, library) and not _follows(name)
    ]
    return sorted(found, key=lambda row: -row[1])


def _act(intent: str, understood: Understood, library: Library, section: str) -> Decision:
    kind, _, name = intent.partition(".")
    if kind == "guide":
        if intent in DANGERS and not understood.entities.get("section"):
            section = ""
        return Decision("guide", (name, section) if section else (name,))
    if kind == "course":
        return Decision("course", (name,))
    if intent == "change_language":
        code = understood.entities.get("language", "")
        wanted = library.shipped(understood.tag if code == understood.language else code)
        return Decision("language", (wanted,) if wanted else ())
    outcome = "out_of_scope" if intent == "out_of_scope" else "intent"
    return Decision(INTENTS[intent], outcome=outcome)


def _ask_which(content: list[str], section: str) -> Decision:
    guides = [name.partition(".")[2] for name in content if name.startswith("guide.")]
    if len(guides) == len(content):
        return Decision("which_guide", (*guides, section) if section else tuple(guides), "which")
    return Decision("which_course", tuple(name.replace(".", "/", 1) for name in content), "which")

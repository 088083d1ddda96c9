"""What an action is: it sees a conversation and the library, and returns what to say and remember.

Actions know no platform, no store, no file, no limit. They are pure functions of a `Call`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.conversation import Conversation, Event
from bot.library.model import Library, Passage


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an action.

    `arguments` come from a button's payload or from the dialogue's decision. `language` is the
    language of the answer. `passages` are what the search found for the person's text.
    """

    conversation: Conversation
    library: Library
    language: str
    arguments: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in which a text comes to this person, nearest first."""
        return self.library.fallbacks(self.language, self.conversation.known)

    def argument(self, index: int, default: str = "") -> str:
        """Return an argument, or the default when there are not so many."""
        return self.arguments[index] if index < len(self.arguments) else default

    def slot(self, name: str, default: Any = None) -> Any:
        """Return a value that the conversation remembers."""
        return self.conversation.slots.get(name, default)


# -- words: what is said, named by content, put into a language by bot.render ---------------


@dataclass(frozen=True, slots=True)
class Say:
    """A string of the interface; values may be words themselves."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GuideWords:
    """A part of a guide: 'title', 'short' or a section id. `lead` shows its title in bold."""

    guide: str
    part: str
    lead: bool = False


@dataclass(frozen=True, slots=True)
class GuideSource:
    """The source line of parts of a guide: sources, date checked, 'check before you go'.

    `brief` names the sources only: nobody should check anything before an emergency call.
    """

    guide: str
    parts: tuple[str, ...]
    brief: bool = False


@dataclass(frozen=True, slots=True)
class GuideFact:
    """A fact of money of a guide, times a count, with how it was worked out."""

    guide: str
    fact: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class WalkWords:
    """A word of a guide's walks by name; `notice` says so when it comes in another language."""

    guide: str
    name: str
    notice: bool = False


@dataclass(frozen=True, slots=True)
class WalkTotal:
    """The sum of the lines of a walk's result; `counts` gives the times of each, in order."""

    guide: str
    walk: str
    result: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WalkIndexes:
    """Lines that name the indexes which a walk's result multiplies, with value and year."""

    guide: str
    walk: str
    result: str


@dataclass(frozen=True, slots=True)
class WalkSource:
    """The source line of a walk's result."""

    guide: str
    walk: str
    result: str


@dataclass(frozen=True, slots=True)
class CourseWords:
    """A part of a course: 'title' or 'short'."""

    course: str
    part: str


@dataclass(frozen=True, slots=True)
class LessonWords:
    """A part of a lesson: 'title', 'body' or 'sources'."""

    course: str
    lesson: str
    part: str


@dataclass(frozen=True, slots=True)
class QuizWords:
    """A part of a question: 'question', 'right', 'wrong' or an option id ('a', 'b', …)."""

    course: str
    lesson: str
    question: str
    part: str


@dataclass(frozen=True, slots=True)
class TermWords:
    """A part of an official word's entry: 'word' or 'plain'."""

    term: str
    part: str


@dataclass(frozen=True, slots=True)
class FactWords:
    """A shared fact of the site, such as a phone number."""

    name: str


@dataclass(frozen=True, slots=True)
class LanguageName:
    """The own name of a language."""

    code: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Words one below the other; as a bulleted list where `bullets`."""

    items: tuple[Words, ...]
    bullets: bool = False


Words = (
    Say
    | GuideWords
    | GuideSource
    | GuideFact
    | WalkWords
    | WalkTotal
    | WalkIndexes
    | WalkSource
    | CourseWords
    | LessonWords
    | QuizWords
    | TermWords
    | FactWords
    | LanguageName
    | Lines
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: words for its label, and the payload 'action:argument:…' (at most 64 bytes)."""

    label: Words
    payload: str


@dataclass(frozen=True, slots=True)
class Response:
    """One message to be: words in paragraphs, and choices.

    `replace` says that it may take the place of the message whose button was pressed
    (menus); `content` names what it shows, such as 'guide:passport#fee'. `known` are the
    person's other languages, in which a text comes that the answer's language has not; the
    dialogue fills them in.
    """

    words: tuple[Words, ...]
    choices: tuple[Choice, ...] = ()
    content: str = ""
    replace: bool = False
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action says and what it wants remembered."""

    responses: tuple[Response, ...]
    events: tuple[Event, ...] = ()


Action = Callable[[Call], Outcome]

ACTIONS: dict[str, Action] = {}
"""Every action by name; filled when the package `actions` is imported."""


def action(name: str) -> Callable[[Action], Action]:
    """Register a function as the action of a name (lower-case letters and '_')."""

    def register(function: Action) -> Action:
        if name in ACTIONS:
            raise ValueError(f"two actions are called '{name}'")
        ACTIONS[name] = function
        return function

    return register


def say(
    key: str, *choices: Choice, replace: bool = False, content: str = "", **values: Any
) -> Outcome:
    """Return an outcome of one string and its choices."""
    return Outcome((Response((Say(key, values),), choices, content, replace),))


def choice(key: str, payload: str, **values: Any) -> Choice:
    """Return a choice labelled by a string of the interface."""
    return Choice(Say(key, values), payload)

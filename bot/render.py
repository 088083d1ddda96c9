"""Content, language and channel limits become messages. The only part that knows limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actions.base import Choice, Response
from bot import markup
from bot.channels import Profile
from bot.library.model import Library
from bot.model import Button, Message, Update
from bot.parts import split
from bot.writer import Writer

NARROW = 18
"""Labels up to this many characters stand two in a row."""


class Renderer:
    """Writes for one channel out of one library."""

    def __init__(self, library: Library, profile: Profile) -> None:
        self.library = library
        self.limits = profile.limits

    def messages(
        self,
        responses: Sequence[Response],
        language: str,
        update: Update | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> tuple[list[Message], tuple[str, ...] | None]:
        """Return the messages, and the payloads that a typed number now stands for.

        The payloads are None when nothing was said. Texts too long for the channel become
        several messages; choices stand on the last.
        """
        language = self.language(language)
        found: list[Message] = []
        payloads: list[str] = []
        for response in responses:
            writer = Writer(self.library, language, response.known)
            source = "\n\n".join(filter(None, (writer.words(one) for one in response.words)))
            buttons = self._buttons(response.choices, writer, len(payloads))
            payloads += [button.payload for button in buttons]
            if self.limits.numbered and buttons:
                source += "\n\n" + "\n".join(button.label for button in buttons)
            about = {
                **(metadata or {}),
                "language": language,
                "direction": self.library.languages[language].direction,
                "content_id": response.content,
            }
            edit = update.reference if response.replace and update else ""
            found += self._split(source, buttons, edit, about)
        return found, tuple(payloads) if responses else None

    def language(self, wanted: str) -> str:
        """Return the wanted language if it is shipped, else the first one that is."""
        return wanted if wanted in self.library.languages else next(iter(self.library.languages))

    def _buttons(self, choices: Sequence[Choice], writer: Writer, offset: int) -> list[Button]:
        buttons = []
        for index, one in enumerate(choices[: self.limits.buttons], offset + 1):
            label = markup.to_plain(writer.words(one.label)).replace("\n", " ")
            if self.limits.numbered:
                label = f"{index}. {label}"
            elif len(label) > self.limits.label:
                label = label[: self.limits.label - 1].rstrip() + "…"
            buttons.append(Button(label, one.payload))
        return buttons

    def _split(
        self, source: str, buttons: list[Button], edit: str, metadata: dict[str, Any]
    ) -> list[Message]:
        write = {
            "telegram": markup.to_telegram,
            "web": markup.to_web,
            "plain": markup.to_plain,
        }[self.limits.markup]
        written = [write(source)]
        if len(written[0]) > self.limits.text:
            parts = split(source, self.limits.text, lambda part: len(write(part)))
            written = [write(part) for part in parts]
        rows = () if self.limits.numbered else _rows(buttons)
        messages = [Message(text, metadata=metadata) for text in written[:-1]]
        last = Message(written[-1], rows, "" if messages else edit, metadata)
        return [*messages, last]


def _rows(buttons: list[Button]) -> tuple[tuple[Button, ...], ...]:
    rows: list[tuple[Button, ...]] = []
    for button in buttons:
        short = len(button.label) <= NARROW
        if rows and short and len(rows[-1]) == 1 and len(rows[-1][0].label) <= NARROW:
            rows[-1] = (*rows[-1], button)
        else:
            rows.append((button,))
    return tuple(rows)

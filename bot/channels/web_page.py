"""The page as the server writes it: all of the chat that needs no JavaScript."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from bot.library.model import Library
from bot.model import Message
from bot.store.store import Mail

STATIC = Path(__file__).parent.parent / "static"
FALLBACK = "en"

SHOWN = 10
"""Turns that a page shows at first; the rest is one link away, which spares slow lines."""

_TYPES = {"js": "text/javascript", "css": "text/css"}
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file, ready to be served; `url` changes with its content."""

    name: str
    content_type: str
    data: bytes
    zipped: bytes
    digest: str

    @property
    def url(self) -> str:
        """Path and version, to be kept by browsers for ever."""
        return f"/static/{self.name}?v={self.digest}"


def assets() -> dict[str, Asset]:
    """Return the files that pages may ask for, by name."""
    found = {}
    for name in ("hashar-chat.js", "hashar-chat.css"):
        data = (STATIC / name).read_bytes()
        found[name] = Asset(
            name=name,
            content_type=_TYPES[name.rpartition(".")[2]],
            data=data,
            zipped=gzip.compress(data, 9, mtime=0),
            digest=hashlib.sha256(data).hexdigest()[:16],
        )
    return found


def strings(library: Library, language: str) -> dict[str, str]:
    """Return the words of the page in a language, its fallbacks where one is missing."""
    found: dict[str, str] = {}
    for code in reversed(library.fallbacks(language)):
        texts = library.strings.get(code, {})
        for key, text in texts.items():
            if key.startswith("web."):
                found[key[4:]] = str(text)
    return found


def accepted_language(library: Library, header: str) -> str:
    """Return the first shipped language of an Accept-Language header, else the fallback."""
    ranked: list[tuple[float, str]] = []
    for part in header[:300].split(","):
        tag, _, quality = part.partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if code := library.shipped(tag.strip()):
            ranked.append((weight, code))
    best = max(ranked, key=lambda one: one[0], default=(0.0, ""))[1]
    return best or (FALLBACK if FALLBACK in library.languages else next(iter(library.languages)))


def mail_language(library: Library, mail: Sequence[Mail]) -> str:
    """Return the language of the newest answer, '' when it mixes or lacks one."""
    for one in reversed(mail):
        if one.messages:
            found = {str(message.metadata.get("language", "")) for message in one.messages}
            return library.shipped(found.pop()) if len(found) == 1 else ""
    return ""


def direction(library: Library, language: str) -> str:
    """Return 'ltr' or 'rtl' of a shipped language, 'auto' of another."""
    found = library.languages.get(language)
    return found.direction if found else "auto"


def mail_json(library: Library, mail: Sequence[Mail]) -> list[dict[str, Any]]:
    """Return answers as clients read them; `re` is the id of what they answer."""
    return [
        {
            "id": one.id,
            "re": one.update_id,
            "messages": [_message_json(library, message) for message in one.messages],
        }
        for one in mail
    ]


def _message_json(library: Library, message: Message) -> dict[str, Any]:
    lang, flow = _voice(library, message)
    return {
        "html": message.text,
        "lang": lang,
        "dir": flow,
        "buttons": [{"label": b.label, "payload": b.payload} for b in message.buttons],
    }


def _voice(library: Library, message: Message) -> tuple[str, str]:
    """Return language and direction of a message."""
    lang = str(message.metadata.get("language", ""))
    lang = lang if _TAG.fullmatch(lang) else ""
    flow = message.metadata.get("direction")
    return lang, str(flow) if flow in ("ltr", "rtl") else direction(library, lang)


@dataclass(frozen=True, slots=True)
class View:
    """What one page shows. `after`: answers behind this id are new; `sent`: the update whose
    answer is still awaited; `draft`: text to keep."""

    language: str
    mail: Sequence[Mail]
    form_id: str
    after: str = ""
    sent: str = ""
    notice: str = ""
    draft: str = ""
    everything: bool = False

    @property
    def last(self) -> str:
        """The id of the newest answer, '0' without any."""
        return self.mail[-1].id if self.mail else self.after or "0"


class Page:
    """Writes pages from the template."""

    def __init__(self) -> None:
        self.assets = assets()
        self._template = Template((STATIC / "page.html").read_text(encoding="utf-8"))

    def write(self, library: Library, view: View) -> str:
        """Return the HTML of a page. All values are escaped; answers are safe HTML already."""
        words = strings(library, view.language)
        shown = {key: escape(text) for key, text in words.items()}
        values = {
            **shown,
            "lang": escape(view.language),
            "dir": direction(library, view.language),
            "css": self.assets["hashar-chat.css"].url,
            "js": self.assets["hashar-chat.js"].url,
            "after": view.last,
            "strings": escape(json.dumps(words, ensure_ascii=False, separators=(",", ":"))),
            "hidden": _hidden(view),
            "notice": escape(words.get(view.notice, view.notice)),
            "draft": "\n" + escape(view.draft) if view.draft else "",
            "log": self._log(library, view, shown),
            "foot": _foot(view, shown),
        }
        return self._template.substitute(values)

    def _log(self, library: Library, view: View, words: Mapping[str, str]) -> str:
        mail = list(view.mail)
        out: list[str] = []
        new = _first_new(mail, view.after)
        earlier = len(mail) - SHOWN
        if earlier > 0 and not view.everything:
            ids = [one.id for one in mail]
            mail = mail[min(earlier, ids.index(new)) :]
            href = f"/?lang={escape(view.language)}&amp;all=1"
            out.append(f'<p class="hc-earlier"><a href="{href}">{words["earlier"]}</a></p>')
        for one in mail:
            for position, message in enumerate(one.messages):
                mark = ' id="new"' if one.id == new and position == 0 else ""
                out.append(self._article(library, view, one.id, message, mark, words))
        return "\n".join(out)

    def _article(
        self,
        library: Library,
        view: View,
        mail_id: str,
        message: Message,
        mark: str,
        words: Mapping[str, str],
    ) -> str:
        lang, flow = _voice(library, message)
        tongue = f' lang="{lang}"' if lang else ""
        out = [
            f'<article class="hc-msg hc-bot"{mark} data-mail="{escape(mail_id)}"{tongue}',
            f' dir="{flow}" tabindex="-1"><span class="hc-vh">{words["bot"]}: </span>',
            f'<div class="hc-text">{message.text}</div>',
        ]
        if message.buttons:
            rows = "".join(
                f'<button name="payload" value="{escape(button.payload)}">'
                f"{escape(button.label)}</button>"
                for button in message.buttons
            )
            out.append(
                f'<form method="post" action="/web/form" accept-charset="utf-8">{_hidden(view)}'
                f'<div class="hc-choices" role="group" aria-label="{words["choices"]}">'
                f"{rows}</div></form>"
            )
        return "".join([*out, "</article>"])


def order(mail_id: str) -> tuple[int, int]:
    """Return what ids of mail are ordered by."""
    first, _, second = mail_id.partition("-")
    return int(first or 0), int(second or 0)


def _first_new(mail: Sequence[Mail], after: str) -> str:
    """Return the id of the first answer that the person has not seen, else of the last one."""
    for one in mail:
        if after and one.messages and order(one.id) > order(after):
            return one.id
    return mail[-1].id if mail else ""


def _hidden(view: View) -> str:
    fields = {"id": view.form_id, "after": view.last, "lang": view.language}
    return "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in fields.items()
    )


def _foot(view: View, words: Mapping[str, str]) -> str:
    """Return what only a browser without JavaScript needs: a start and a look for answers."""
    out = [f'<noscript><p class="hc-hint">{words["noscript"]}</p></noscript>']
    if view.mail or view.after:
        waiting = f"&amp;sent={escape(view.sent)}" if view.sent else ""
        href = f"/?lang={escape(view.language)}&amp;after={escape(view.last)}{waiting}#new"
        out.append(f'<a class="hc-refresh" href="{href}">{words["refresh"]}</a>')
    else:
        out.append(
            f'<form method="post" action="/web/form" accept-charset="utf-8">{_hidden(view)}'
            f'<button name="start" value="1" class="hc-start">{words["start"]}</button></form>'
        )
    return f'<div class="hc-foot">{"".join(out)}</div>'

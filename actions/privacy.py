"""What is kept about a person: said, shown, erased."""

from __future__ import annotations

from actions.base import (
    Call,
    CourseWords,
    GuideWords,
    LanguageName,
    Lines,
    Outcome,
    Response,
    Say,
    Words,
    action,
    choice,
    say,
)
from actions.navigation import MENU
from actions.walks import running
from bot.conversation import Forgotten
from bot.library.model import SECTIONS

EXPORT = choice("button.export", "export")
FORGET = choice("button.forget", "forget")


@action("privacy")
def privacy(call: Call) -> Outcome:
    """Say in plain words what is kept, for how long, and how to see and erase it."""
    return say("privacy.text", EXPORT, FORGET, MENU)


@action("export")
def export(call: Call) -> Outcome:
    """Show everything that is kept about this conversation."""
    kept = call.conversation
    rows: list[Words] = [
        Say("export.channel", {"channel": kept.channel}),
        Say("export.turns", {"count": kept.turns}),
        Say("export.days", {"since": kept.since, "seen": kept.seen or kept.since}),
    ]
    for code in dict.fromkeys((kept.language, *kept.known)):
        if code in call.library.languages:
            rows.append(Say("export.language", {"language": LanguageName(code)}))
    if call.slot("guide") in call.library.guides:
        rows.append(Say("export.guide", {"guide": GuideWords(call.slot("guide"), "title")}))
    if call.slot("asked") in SECTIONS:
        section = Say(f"section.{call.slot('asked')}")
        rows.append(Say("export.asked", {"section": section}))
    if here := running(call):
        values = {"guide": GuideWords(here.guide.id, "title"), "count": len(here.answers)}
        rows.append(Say("export.walk", values))
    for course, progress in (call.slot("progress") or {}).items():
        if course in call.library.courses:
            count = sum(len(answers) for answers in progress.get("answers", {}).values())
            values = {"course": CourseWords(course, "title"), "count": count}
            rows.append(Say("export.course", values))
    words = (Say("export.intro"), Lines(tuple(rows), bullets=True), Say("export.address"))
    return Outcome((Response(words, (FORGET, MENU)),))


@action("forget")
def forget(call: Call) -> Outcome:
    """Ask once, then erase everything."""
    if call.argument(0) != "yes":
        return say(
            "forget.ask", choice("button.forget_yes", "forget:yes"), choice("button.no", "menu")
        )
    return Outcome((Response((Say("forget.done"),)),), (Forgotten(),))

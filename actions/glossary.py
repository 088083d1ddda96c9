"""Official words in plain words: tap a word, get its meaning."""

from __future__ import annotations

from actions.base import Call, Choice, Outcome, Response, TermWords, action, choice, say
from actions.navigation import MENU, way_back

PAGE = 8
"""Words on one page of the list."""


def terms(call: Call) -> list[str]:
    """Return the ids of all words in the order of the answer's language."""
    for language in call.library.fallbacks(call.language):
        if found := call.library.glossary.get(language):
            return sorted(found, key=lambda key: found[key].word.casefold())
    return []


@action("glossary")
def glossary(call: Call) -> Outcome:
    """List official words, page by page."""
    ids = terms(call)
    page = int(call.argument(0)) if call.argument(0).isdecimal() else 0
    shown = ids[page * PAGE : (page + 1) * PAGE]
    if not shown:
        return say("button.stale", MENU)
    choices = [Choice(TermWords(one, "word"), f"term:{one}") for one in shown]
    if (page + 1) * PAGE < len(ids):
        choices.append(choice("button.more", f"glossary:{page + 1}"))
    return say("glossary.title", *choices, MENU, replace=True)


@action("term")
def term(call: Call) -> Outcome:
    """Explain one official word."""
    one = call.argument(0)
    if one not in terms(call):
        return say("button.stale", MENU)
    ways = (choice("button.glossary", "glossary"), *way_back(call), MENU)
    words = (TermWords(one, "word"), TermWords(one, "plain"))
    return Outcome((Response(words, ways, f"term:{one}"),))

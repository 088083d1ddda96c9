"""What Hashar can do, one capability a module. Importing the package registers all actions."""

from actions import courses, glossary, guides, handoff, navigation, privacy, smalltalk, walks
from actions.base import ACTIONS

__all__ = [
    "ACTIONS",
    "courses",
    "glossary",
    "guides",
    "handoff",
    "navigation",
    "privacy",
    "smalltalk",
    "walks",
]

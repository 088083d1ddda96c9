"""The running system: channels, store, worker, sender, and the content library. Imports no Rasa."""

__version__ = "0.1.0"

"""Speed against a stock Rasa assistant with the same content: `python -m bench` (docs/bench.md)."""

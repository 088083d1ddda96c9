"""Bad input by the hundred thousand against every parser; `python -m tests.security.fuzz`."""

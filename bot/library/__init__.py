"""Content as typed, checked, immutable data. The only part that knows files."""

"""Prometheus metrics: how many, how quick, how well understood, how deep the queues."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)

UPDATES = Counter("hashar_updates_total", "Updates accepted.", ["channel", "kind"])
DUPLICATES = Counter("hashar_duplicates_total", "Updates seen before.", ["channel"])
REFUSED = Counter("hashar_refused_total", "Requests refused.", ["channel", "reason"])
TURNS = Counter("hashar_turns_total", "Turns committed.", ["channel", "outcome", "language"])
TURN_SECONDS = Histogram(
    "hashar_turn_seconds", "Time of a turn up to its commit.", ["channel", "route"], buckets=_FAST
)
WAIT_SECONDS = Histogram("hashar_wait_seconds", "Time from acceptance to commit.", buckets=_SLOW)
PARSE_SECONDS = Histogram("hashar_parse_seconds", "Time of a call to Rasa.", buckets=_FAST)
PARSE_FAILED = Counter("hashar_parse_failed_total", "Calls that Rasa did not answer.")
PARSE_CACHED = Counter("hashar_parse_cached_total", "Texts understood from the cache.")
SENT = Counter("hashar_sent_total", "Messages that a platform took.", ["channel"])
SEND_SECONDS = Histogram("hashar_send_seconds", "Time of one delivery.", ["channel"], buckets=_FAST)
SEND_FAILED = Counter("hashar_send_failed_total", "Deliveries refused.", ["channel", "kind"])
"""Kinds: limited (too many), temporary, permanent, unreachable (blocked or left)."""
DEAD = Counter("hashar_dead_letters_total", "Messages and updates given up.", ["reason"])
TROUBLE = Counter("hashar_channel_trouble_total", "Failures of a platform.", ["channel", "kind"])
SENT_AGAIN = Counter(
    "hashar_sent_again_total", "Messages sent again that may have arrived before.", ["channel"]
)
FEEDBACK = Counter("hashar_feedback_total", "Whether content helped.", ["content", "helped"])
UNANSWERED = Counter(
    "hashar_unanswered_total", "Phrases that were not understood: kept or left out.", ["what"]
)
ERRORS = Counter("hashar_errors_total", "Unexpected errors.", ["where", "type"])
DEPTH = Gauge("hashar_queue_depth", "Entries that wait.", ["queue"])
AGE = Gauge("hashar_queue_age_seconds", "Age of the oldest entry that waits.", ["queue"])
READY = Gauge("hashar_ready", "Whether this process can do its work.")
STORE_UP = Gauge("hashar_store_up", "Whether the store answers.")
STORE_BYTES = Gauge("hashar_store_memory_bytes", "Memory that the store uses.")
STORE_LIMIT = Gauge("hashar_store_memory_limit_bytes", "Memory that it may use; 0: no limit.")
STORE_WRITES = Gauge("hashar_store_writes_ok", "Whether its last write to disk succeeded.")
CLOCK_SKEW = Gauge("hashar_clock_skew_seconds", "How far the store's clock is ahead of ours.")
RASA_UP = Gauge("hashar_rasa_up", "Whether Rasa answers with a model loaded.")
DISK_FREE = Gauge("hashar_disk_free_bytes", "Free space where DATA_DIR lies.")
CONTENT_PROBLEMS = Gauge("hashar_content_problems", "Problems in the content files.")
LEASES = Gauge("hashar_leases", "Shards held by this process.", ["role"])
SHARDS = Gauge("hashar_shards", "Shards that there are (SHARDS).")
"""Labels hold kinds, never a person's data."""

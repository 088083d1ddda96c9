"""Names of all keys. Keys of one conversation share the hash slot of their shard."""

from __future__ import annotations

import zlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """Key names for a number of shards; `{h:07}` is a Redis Cluster hash tag."""

    shards: int

    def shard(self, conversation_id: str) -> int:
        """Return the shard of a conversation (CRC-32 of its id, modulo the shards)."""
        return zlib.crc32(conversation_id.encode()) % self.shards

    def name(self, shard: int, *parts: str) -> str:
        """Return the key of a part of a shard."""
        return ":".join((f"{{h:{shard:02d}}}", *parts))

    def of(self, conversation_id: str, part: str) -> str:
        """Return the key of a part of one conversation."""
        return self.name(self.shard(conversation_id), part, conversation_id)

    def inbox(self, shard: int) -> str:
        """Stream of updates that wait for a worker."""
        return self.name(shard, "inbox")

    def outbox(self, shard: int) -> str:
        """Stream of messages that wait for a sender."""
        return self.name(shard, "outbox")

    def parked(self, shard: int) -> str:
        """Stream of free texts that wait for Rasa to come back."""
        return self.name(shard, "parked")

    def dead(self, shard: int) -> str:
        """Stream of messages and updates that were given up."""
        return self.name(shard, "dead")

    def marks(self, shard: int) -> str:
        """Outbox entries whose sending has begun, each with the attempt that began it."""
        return self.name(shard, "marks")

    def lease(self, role: str, shard: int) -> str:
        """Holder of a shard in a role ('worker' or 'sender')."""
        return self.name(shard, "lease", role)

    def conversation(self, conversation_id: str) -> str:
        """State of a conversation."""
        return self.of(conversation_id, "conv")

    def mailbox(self, conversation_id: str) -> str:
        """Stream of answers that a client fetches."""
        return self.of(conversation_id, "mail")

    def seen(self, shard: int, fingerprint: str) -> str:
        """Mark of an update that was accepted; names no conversation, as it outlives /forget."""
        return self.name(shard, "seen", fingerprint)

    def rate(self, conversation_id: str) -> str:
        """Messages of a conversation in the running minute."""
        return self.of(conversation_id, "rate")

    @staticmethod
    def members(role: str) -> str:
        """Sorted set of the live processes in a role, by time of their last sign of life."""
        return f"hashar:members:{role}"


AUDIT = "hashar:audit"
"""Stream of admin commands."""


def unanswered(part: str) -> str:
    """Return the key of the phrases of a day that were not understood; they belong to no shard."""
    return f"{{hashar:unanswered}}:{part}"


MAIL = "hashar:mail"
"""Channel that announces new entries in mailboxes (published by each commit)."""

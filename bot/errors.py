"""The error tree. Each error says in one sentence what is wrong and whether a retry helps."""

from __future__ import annotations


class HasharError(Exception):
    """Base of all errors that Hashar raises on purpose."""

    retryable = False


class SettingsError(HasharError):
    """A setting is missing or cannot be used; the message names it and says what to do."""


class StartError(HasharError):
    """A part cannot start (a taken port, a dead store); the message says what to do."""


class ContentError(HasharError):
    """Content is broken; `problems` holds one line for each, with file and key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StoreUnavailable(HasharError):
    """The store does not answer; the work stays where it is."""

    retryable = True


class LeaseLost(HasharError):
    """Another process holds the shard now; whatever was computed must not be committed."""


class UnderstandingUnavailable(HasharError):
    """Rasa does not answer; free text waits, buttons go on."""

    retryable = True


class BadUpdate(HasharError):
    """An inbound payload is malformed; it is answered and dropped, never retried."""


class TooLong(BadUpdate):
    """A text or a body is longer than is accepted."""


class TooSlow(BadUpdate):
    """A body did not arrive in time; the same one may be sent again."""

    retryable = True


class WrongType(BadUpdate):
    """A body is of another type than is understood."""


class Limited(HasharError):
    """Too much at once; the same thing may be sent again after `retry_after` seconds."""

    retryable = True

    def __init__(self, reason: str, retry_after: int) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Forbidden(HasharError):
    """An inbound request lacks the secret it must carry."""


class DeliveryError(HasharError):
    """A platform did not take a message."""


class TemporaryDeliveryError(DeliveryError):
    """A retry may help, after `retry_after` seconds when the platform named a time.

    `ambiguous`: the message may have arrived all the same (the connection broke after it was
    sent, so the answer is not known).
    """

    retryable = True

    def __init__(
        self, reason: str, retry_after: float | None = None, ambiguous: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.ambiguous = ambiguous


class PermanentDeliveryError(DeliveryError):
    """No retry helps; the message goes to the dead letters."""


class Unreachable(DeliveryError):
    """The person blocked the bot or left; nothing more is sent until they write again."""

"""What clients that wait are told of their mailbox."""

from __future__ import annotations

import asyncio
import dataclasses

from bot.conversation import Conversation
from bot.model import Message
from bot.store.mail import Mailroom, heard
from bot.store.store import Store, Turn
from tests.store.test_store import lease, update, waiting


async def test_news_hold_the_mail_unless_some_came_late(store: Store) -> None:
    """An answer comes with its announcement. When it came late, or the one before did, it is only
    announced: whoever waits reads the mailbox, and sees both."""
    mailroom = Mailroom(store)
    listening = asyncio.create_task(mailroom.run())
    await asyncio.sleep(0.5)
    told = []
    for number, late in enumerate((False, False, True, False, False)):
        await store.accept(update(number))
        (entry,) = await waiting(store)
        entry = dataclasses.replace(entry, update=update(number, deferred=late))
        token = await lease(store, entry.conversation)
        with mailroom.listening(entry.conversation) as news:
            turn = Turn(entry, Conversation(entry.conversation, "rest"), [Message("x")], pulls=True)
            assert await store.commit(turn, token)
            await heard(news, 2)
            (mail,) = await store.last_mail(entry.conversation)
            assert (mail.update_id, mail.deferred) == (str(number), late)
            assert news.mail in (None, mail)
            told.append(news.mail is not None)
    assert told == [True, True, False, False, True]
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)

"""Taking an envelope in, whole or not at all: socialnet-protocol(7) "What holds for every packet" and "COUNTING"."""

import hashlib
from enum import Enum

from . import envelope, meeting, packet, seal, threads, values
from .account import Account
from .envelope import Envelope
from .packet import Packet
from .state import Contact, Gap, Item
from .values import Refused


class Outcome(Enum):
    TAKEN = "taken"
    KNOWN = "known"
    HELD = "held"
    """From somebody who is no friend: to be read again once they are."""


UNDER_MEETING_KEY = ("contact-request", "profile", "resend")


def take(account: Account, data: bytes) -> Outcome:
    """Opens and takes in a sealed envelope. Raises seal.NoKey and Refused."""
    opened = seal.unseal(data, account.pairs)
    signed = seal.verify_signed(opened.signed_data)
    came = envelope.read(signed.content)
    if came.sender != signed.signer or came.reader != account.me:
        raise Refused("an envelope by somebody else, or for somebody else")
    packets = [_verify(came, each, opened.purpose) for each in came.packets]
    if not opened.hybrid and any(each.type != "contact-request" for each in packets):
        raise Refused("the ML-KEM layer is missing")
    contact = account.state.contacts.get(came.sender, Contact(came.sender))
    if contact.state == "blocked":
        return Outcome.KNOWN
    return _take(account, contact, came, packets, hashlib.sha256(opened.signed_data).hexdigest())


def _verify(came: Envelope, signed_data: bytes, purpose: str) -> Packet:
    signed = seal.verify_signed(signed_data)
    each = packet.read(signed.content)
    if each.author != signed.signer:
        raise Refused("a packet signed by somebody else")
    if each.author != came.sender and not threads.may_be_passed_on(each):
        raise Refused("a packet that its sender may not pass on")
    if purpose == "meeting" and each.type not in UNDER_MEETING_KEY:
        raise Refused(f"a packet of type {each.type} under a meeting key")
    return each


def _take(account: Account, contact: Contact, came: Envelope, packets: list[Packet], digest: str) -> Outcome:
    known = contact.came.get(came.stream, {}).get(str(came.counter))
    if known == digest:
        return Outcome.KNOWN
    if known is not None:
        contact.alarm = "two copies of this account"
    new = False
    for each, signed in zip(packets, came.packets):
        if each.type in meeting.TYPES and each.understood and f"{each.author}/{each.id}" not in account.state.items:
            try:
                new = meeting.take(account, contact, each, signed) or new
            except Refused as reason:
                if contact.state != "friend":
                    raise
                print(f"refused: {each.type} {each.id}: {reason}")
            if contact.state != "unknown":
                account.state.contacts[contact.fingerprint] = contact
                account.keep(each, b"", came.sender)
    if contact.state != "friend":
        others = any(each.type not in meeting.TYPES for each in packets)
        return Outcome.HELD if others or contact.state == "unknown" else Outcome.TAKEN
    for each, signed in zip(packets, came.packets):
        if each.type not in meeting.TYPES or not each.understood:
            _take_packet(account, contact, each, signed)
    _count(account, contact, came, digest, new)
    return Outcome.TAKEN


def _take_packet(account: Account, sender: Contact, each: Packet, signed: bytes) -> None:
    known = account.state.items.get(f"{each.author}/{each.id}")
    if known:
        known.doubled = known.doubled or known.sha256 != each.sha256
        return
    acts = each.type in threads.TYPES or "." in each.type or each.type in ("not-understood", "resend")
    each.understood = each.understood and acts
    if each.understood:
        try:
            threads.check(account, sender, each)
        except Refused as reason:
            print(f"refused: {each.type} {each.id}: {reason}")
            return
    item = account.keep(each, signed, sender.fingerprint)
    if not each.understood:
        sender.puzzles[item.key] = account.now
    elif each.type == "resend":
        _asked(account, sender, each)
    elif each.type in threads.TYPES:
        threads.settle(account, item, each)
        threads.relay(account, item)


def _asked(account: Account, sender: Contact, each: Packet) -> None:
    """A later resend takes the place of an earlier one. No counter is answered that was not given yet."""
    gaps = values.stream_ranges([gap.text for gap in each.element.all("gap")])
    sender.answers = values.common(gaps.get(account.state.stream, []), [(1, sender.counter)] if sender.counter else [])
    listed = {chunk for item in _sealed_for(account, sender) for chunk in item.chunks}
    wanted = [chunk.attributes["sha256"] for chunk in each.element.all("chunk")]
    sender.answer_chunks = [chunk for chunk in wanted if chunk in listed]
    if sender.answers or sender.answer_chunks:
        sender.due["answer"] = account.now


def _sealed_for(account: Account, contact: Contact) -> list[Item]:
    keys = {key for sent in contact.sent.values() for key in sent.packets}
    return [account.state.items[key] for key in keys]


def _count(account: Account, contact: Contact, came: Envelope, digest: str, new: bool) -> None:
    """What came, what it confirms, and what need not come any more."""
    account.state.witness = max(account.state.witness, min(came.sent, account.now))
    if came.counter:
        contact.came.setdefault(came.stream, {}).setdefault(str(came.counter), digest)
        # A new contact learns at once that it was heard.
        due = account.now if new else account.now + account.state.confirm_after
        contact.due["confirm"] = min(due, contact.due.get("confirm", due))
    for counter, sent in contact.sent.items():
        if values.within(int(counter), came.received.get(account.state.stream, [])):
            sent.confirmed = True
    listed = {chunk for item in _sealed_for(account, contact) for chunk in item.chunks}
    contact.confirmed_chunks = sorted(listed & (set(contact.confirmed_chunks) | set(came.blobs)))
    for stream, counters in came.answers.items():
        missing = values.between(contact.received_of(stream))
        closed = values.common(missing, counters)
        contact.answered[stream] = values.union(contact.answered.get(stream, []), closed)
    for stream, counters in contact.received().items():
        before = contact.gaps.get(stream, [])
        contact.gaps[stream] = [
            next(
                (Gap(low, high, gap.since, gap.asked, gap.again) for gap in before if gap.first <= low <= gap.last),
                Gap(low, high, account.now),
            )
            for low, high in values.between(counters)
        ]


def take_chunk(account: Account, data: bytes) -> Outcome:
    """A chunk is known by the SHA-256 of its bytes alone. One that nobody listed may be listed tomorrow."""
    digest = hashlib.sha256(data).hexdigest()
    listing = [item for item in account.state.items.values() if digest in item.chunks and item.through]
    if not listing:
        return Outcome.HELD
    account.store_chunk(data)
    for item in listing:
        sender = account.state.contacts[item.through]
        if digest not in sender.got_chunks:
            sender.got_chunks.append(digest)
        sender.due.setdefault("confirm", account.now + account.state.confirm_after)
    return Outcome.TAKEN

"""What a node owes, sealed: one envelope per reader holds all of it. socialnet-protocol(7) "What is owed" and "Gaps"."""

import time
from collections.abc import Iterator

from . import envelope, keys, packet, seal, values
from .account import Account
from .envelope import Envelope
from .keys import DAY, PublicPair
from .markup import Element
from .packet import element
from .profile import profile_element
from .state import Contact, Gap, Item, Sent

_SEARCHING = ("handles", "search", "search-request", "search-stop")
UNDERSTANDS = (packet.NAMESPACE, *(kind for kind in packet.TYPES if kind not in _SEARCHING))


def renew(account: Account) -> None:
    """socialnet-protocol(7) "RENEWING KEYS": a pair that is due is made, and told of; an old one is destroyed."""
    state = account.state
    for purpose in keys.USED:
        newest = next(pair for pair in account.pairs if pair.purpose == purpose)
        if account.now >= newest.made + keys.RENEWED[purpose]:
            account.add_pair(account.identity.new_pair(purpose, account.now))
        for pair in [pair for pair in account.pairs if pair.purpose == purpose][1:]:
            # A friend must bear out that it is so late: the clock may be years ahead.
            if min(state.read_to_end, state.witness + DAY) >= pair.made + keys.DESTROYED[purpose]:
                keys.destroy_pair(account.folder / "identity", pair)
                account.pairs.remove(pair)
    made = max(pair.made for pair in account.pairs)
    if made > state.told:
        state.told = made
        changed(account)


def changed(account: Account) -> None:
    """The serial rises, and every friend is owed the new profile."""
    account.state.serial += 1
    for friend in account.state.friends():
        friend.due["profile"] = friend.due["public"] = account.now


def make(account: Account, kind: str, attributes: dict[str, str], *parts: Element | None) -> Item:
    own = packet.write(kind, account.me, time.time_ns() // 1_000_000, attributes, *parts)
    return account.keep_own(own)


def seal_all(account: Account) -> Iterator[tuple[Contact, bytes, list[str]]]:
    """Everything that is due: for whom, the sealed envelope, and the chunks that go with it."""
    renew(account)
    for contact in account.state.contacts.values():
        _notice_what_is_missing(account, contact)
        dues = [*contact.due.values(), *contact.relays.values(), *contact.puzzles.values()]
        if contact.words or any(due <= account.now for due in dues):
            yield from _seal_for(account, contact)


def _notice_what_is_missing(account: Account, contact: Contact) -> None:
    """Who has waited for 24 hours asks, and asks again 1, 2, 4, 8 and 16 days after the time before."""
    if contact.state == "friend" and (any(_due_gaps(account, contact)) or _missing_chunks(account, contact)):
        contact.due["resend"] = account.now


def _due_gaps(account: Account, contact: Contact) -> Iterator[tuple[str, Gap]]:
    for stream, gaps in contact.gaps.items():
        for gap in gaps:
            if gap.asked < 6 and account.now >= max(gap.since + DAY, gap.again):
                yield stream, gap


def _missing_chunks(account: Account, contact: Contact) -> list[str]:
    waiting = [item for item in account.state.items.values() if item.through == contact.fingerprint]
    late = {chunk for item in waiting if account.now >= item.listed + DAY for chunk in item.chunks}
    return sorted(chunk for chunk in late if not account.blob(chunk).exists())[:1024]


def _seal_for(account: Account, contact: Contact) -> Iterator[tuple[Contact, bytes, list[str]]]:
    pairs, now = account.keys_of(contact), account.now
    if contact.state == "asked":
        code = {"code": contact.code} if contact.code else {}
        request = make(account, "contact-request", code, _own_profile(account))
        contact.due.pop("request", None)
        yield from _envelopes(account, contact, pairs["meeting"], [request], [], [])
    elif contact.state == "gone" and "bye" in contact.due:
        contact.due = {}
        if "sealing" in pairs and pairs["sealing"].usable(now):
            yield from _envelopes(account, contact, pairs["sealing"], [make(account, "contact-bye", {})], [], [])
    elif contact.state == "friend" and "sealing" in pairs and pairs["sealing"].usable(now):
        items, answered, chunks = _everything(account, contact)
        yield from _envelopes(account, contact, pairs["sealing"], items, answered, chunks)
    elif contact.state == "friend" and pairs["meeting"].usable(now) and now >= contact.due.get("want", 0):
        # Everything else waits for keys; the question for them is asked again after 24 hours.
        contact.due["want"] = now + DAY
        profile = make(account, "profile", {"want": "profile"}, _own_profile(account))
        yield from _envelopes(account, contact, pairs["meeting"], [profile], [], [])


def _own_profile(account: Account, public: bool = False) -> Element:
    return profile_element(packet.NAMESPACE, account.profile(public))


def _everything(account: Account, contact: Contact) -> tuple[list[Item], values.Ranges, list[str]]:
    """All that is owed to a friend: packets, the counters that they answer, and chunks that go again."""
    due, items = contact.due, account.state.items
    told: list[Item] = []
    if "accept" in due:
        told.append(make(account, "contact-accept", {}, _own_profile(account)))
    elif "profile" in due:
        told.append(make(account, "profile", {}, _own_profile(account)))
    if "public" in due:
        told.append(make(account, "profile", {}, _own_profile(account, public=True)))
    if contact.puzzles:
        about = items[min(contact.puzzles)]
        understands = [element("understands", name) for name in UNDERSTANDS]
        naming_it = element("about", id=about.id, from_=about.author, sha256=about.sha256)
        told.append(make(account, "not-understood", {}, naming_it, *understands))
    if "resend" in due:
        told.append(_resend(account, contact))
    again = [
        items[key]
        for counter, sent in contact.sent.items()
        if values.within(int(counter), contact.answers)
        for key in sent.packets
    ]
    keys_of_items = dict.fromkeys(contact.words + list(contact.relays) + [item.key for item in again])
    answered, chunks = contact.answers, contact.answer_chunks
    contact.due, contact.relays, contact.puzzles, contact.words = {}, {}, {}, []
    contact.answers, contact.answer_chunks = [], []
    return told + [items[key] for key in keys_of_items if items[key].signed], answered, chunks


def _resend(account: Account, contact: Contact) -> Item:
    gaps: dict[str, values.Ranges] = {}
    for stream, gap in _due_gaps(account, contact):
        gaps.setdefault(stream, []).append((gap.first, gap.last))
        gap.again = account.now + (DAY << gap.asked)
        gap.asked += 1
    said = envelope.at_most_32(gaps).items()
    parts = [element("gap", f"{stream}:{values.write_ranges(ranges)}") for stream, ranges in said]
    parts += [element("chunk", sha256=chunk) for chunk in _missing_chunks(account, contact)]
    return make(account, "resend", {}, *parts)


def _envelopes(
    account: Account,
    contact: Contact,
    reader: PublicPair,
    items: list[Item],
    answered: values.Ranges,
    chunks: list[str],
) -> Iterator[tuple[Contact, bytes, list[str]]]:
    """As many envelopes as the limits of one ask for."""
    batches: list[list[Item]] = [[]]
    for item in items:
        size = sum(len(other.signed) for other in batches[-1])
        if len(batches[-1]) == envelope.MOST_PACKETS or size + len(item.signed) > envelope.MOST - 65536:
            batches.append([])
        batches[-1].append(item)
    for batch in batches:
        if batch:
            contact.counter += 1
        listed = [chunk for item in batch for chunk in item.chunks]
        came = contact.state in ("friend", "gone")
        clear = Envelope(
            account.me,
            contact.fingerprint,
            account.now,
            account.state.stream,
            contact.counter if batch else 0,
            envelope.at_most_32(contact.received()) if came else {},
            {account.state.stream: answered} if answered else {},
            contact.got_chunks[: envelope.MOST_BLOBS],
            [account.signed(item) for item in batch],
        )
        contact.got_chunks = contact.got_chunks[envelope.MOST_BLOBS :]
        if batch:
            contact.sent[str(contact.counter)] = Sent([item.key for item in batch], listed)
        for item in batch:
            if contact.fingerprint not in item.audience:
                item.audience.append(contact.fingerprint)
        signed = seal.sign(account.identity, envelope.write(clear), account.now)
        yield contact, seal.seal(signed, reader), list(dict.fromkeys(listed + chunks))
        answered, chunks = [], []

"""Words, threads, shares and changes of mind: socialnet-protocol(7) "THREADS" and "CHANGING ONE'S MIND"."""

from .account import Account
from .grammar import one
from .packet import MOST_SIGNED, Packet, read
from .seal import verify_signed
from .state import Contact, Item
from .values import Refused, base64_of

TYPES = ("status", "photo", "comment", "reaction", "message", "share", "edit", "retract")
ANSWERS = ("comment", "reaction")
CHANGES = ("edit", "retract")
SAID = (*ANSWERS, *CHANGES, "status", "photo", "message", "share")
EDITABLE = ("status", "photo", "comment", "message", "share")
DAY = 86400


def may_be_passed_on(packet: Packet) -> bool:
    """Whether an envelope with it is looked at when somebody else than its author brings it."""
    return packet.understood and (packet.type in SAID or "." in packet.type)


def _check_sender(sender: Contact, packet: Packet) -> None:
    """Another author's packet is what was said in the sender's thread, or what an author has changed about a root of
    theirs, which the sender may have shared."""
    if packet.author == sender.fingerprint:
        return
    # What an author says with an earlier key: successions are nothing that this implementation follows.
    if packet.type not in ANSWERS + CHANGES:
        raise Refused("another author's root")
    if packet.thread is not None:
        if packet.thread.author != sender.fingerprint:
            raise Refused("a packet in the thread of a third")
    elif packet.about is None or packet.about.author != packet.author:
        raise Refused("a change of a root that is another's")


def check(account: Account, sender: Contact, packet: Packet) -> None:
    """Refuses what may not be said, to this node, by this sender. An envelope's other packets are still taken."""
    _check_sender(sender, packet)
    if packet.type == "message" and account.me not in packet.to:
        raise Refused("a message to somebody else")
    if packet.type in ANSWERS:
        _check_answer(account, sender, packet)
    elif packet.type in CHANGES:
        _check_change(account, packet)
    elif packet.type == "share":
        carried(packet)


def _check_answer(account: Account, sender: Contact, packet: Packet) -> None:
    assert packet.thread is not None
    if packet.thread.author == account.me:
        root = account.state.items.get(f"{packet.thread.author}/{packet.thread.id}")
        if root is None or sender.fingerprint not in root.audience:
            raise Refused("an answer from somebody who did not get the root")
        if root.closed or root.gone:
            raise Refused("the thread is closed")
    elif packet.thread.author != sender.fingerprint:
        raise Refused("an answer in the thread of a third")


def _check_change(account: Account, packet: Packet) -> None:
    about, thread = packet.about, packet.thread
    assert about is not None
    # Taken back by the author of the thread, perhaps; but nobody writes in another's name.
    removes = packet.type == "retract" and thread is not None and packet.author == thread.author
    if packet.author != about.author and not removes:
        raise Refused("a change of what is another's")
    target = account.state.items.get(f"{about.author}/{about.id}")
    if target and target.thread != (f"{thread.author}/{thread.id}" if thread else ""):
        raise Refused("a change that names another thread than its target")


def carried(packet: Packet) -> Packet:
    """What a share carries, if its author lets others share it."""
    signed = verify_signed(base64_of(one(packet.element, "signed").text, 1, MOST_SIGNED))
    inside = read(signed.content)
    if inside.author != signed.signer or not inside.understood or inside.type not in ("status", "photo"):
        raise Refused("a share of no status or photo")
    if not inside.share or inside.thread or inside.to:
        raise Refused("its author lets nobody share it")
    return inside


def settle(account: Account, item: Item, packet: Packet) -> None:
    """What follows from an item that was just kept: on others by it, on it by those that came before."""
    believe_clock(item, account.now)
    if item.type in CHANGES:
        target = account.state.items.get(item.about)
        if target:
            _apply(account, item, packet, target)
    else:
        for change in [other for other in account.state.items.values() if other.about == item.key]:
            if change.type in CHANGES and change.thread == item.thread and change.understood:
                _apply(account, change, account.packet_of(change), item)
    expire(account, item)


def relay(account: Account, item: Item) -> None:
    """An answer or a change in one's own thread goes to everyone who got the root, and a change of what one has shared
    to everyone who got the share."""
    if item.author == account.me or item.gone:
        return
    roots = [account.state.items.get(item.thread)] if item.thread else []
    if item.type in CHANGES and not item.thread:
        roots = [share for share in account.state.items.values() if share.carries == item.about]
    for root in roots:
        for reader in root.audience if root and root.author == account.me else []:
            contact = account.state.contacts[reader]
            if reader != item.author and contact.state == "friend":
                contact.relays[item.key] = account.now + account.state.relay_after


def _apply(account: Account, change: Item, packet: Packet, target: Item) -> None:
    if change.type == "retract" and target.type in TYPES and target.type not in CHANGES:
        forget(account, target, "retracted" if change.author == target.author else "removed")
        return
    if change.type != "edit" or target.gone or target.type not in EDITABLE:
        return
    if packet.expires is not None:
        target.expires = packet.expires if target.expires is None else min(packet.expires, target.expires)
    if packet.attribute("thread"):
        target.closed = True
    version = int(packet.attribute("version") or 0)
    if packet.text is not None and (version, change.id) > (target.version, target.version_by):
        target.text, target.version, target.version_by = packet.text, version, change.id


def forget(account: Account, item: Item, why: str) -> None:
    """For good: name, digest, type and times stay, so that it is not taken in again."""
    item.gone, item.text, item.signed, item.chunks = why, None, "", []
    for contact in account.state.contacts.values():
        contact.relays.pop(item.key, None)
    for edit in account.state.items.values():
        if edit.type == "edit" and edit.about == item.key:
            edit.text = None


def believe_clock(item: Item, now: int) -> None:
    if item.expires is not None and not now - 366 * DAY <= item.created <= now:
        item.expires = now + item.expires - item.created


def expire(account: Account, item: Item) -> None:
    if (
        item.expires is not None
        and item.expires <= min(account.now, account.state.witness + DAY)
        and not item.gone
        and item.type not in CHANGES
    ):
        forget(account, item, "expired")

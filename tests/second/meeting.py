"""Meeting, profiles and parting: socialnet-protocol(7) "MEETING" and "PROFILE"."""

import hashlib

from .account import Account
from .grammar import one
from .keys import IDENTITY
from .packet import MOST_SIGNED, Packet, introduces, read
from .profile import check_profile, pairs
from .seal import SIGNED_DATA, verify_signed
from .state import Contact
from .values import Refused, base64_of, write_base64

TYPES = ("contact-request", "contact-accept", "contact-bye", "profile")
MOST_WAITING = 100


def take(account: Account, contact: Contact, packet: Packet, signed: bytes) -> bool:
    """A packet about people; whether it made its author a friend. Who is no friend can say no other."""
    was = contact.state
    if packet.type == "contact-request":
        _request(account, contact, packet, signed)
    elif packet.type == "contact-accept" and contact.state in ("asked", "friend"):
        _learn(account, contact, packet, signed)
        contact.state = "friend"
        contact.due.pop("request", None)
    elif packet.type == "contact-bye" and contact.state in ("asked", "friend"):
        contact.state = "gone"
        contact.due, contact.relays, contact.puzzles, contact.words, contact.answers = {}, {}, {}, [], []
    elif introduces(packet):
        if contact.state == "friend":
            _introduced(account, contact, packet)
    elif packet.type == "profile" and contact.state == "friend":
        if check_profile(one(packet.element, "profile")).sealing:
            _learn(account, contact, packet, signed)
        else:
            # So its author allows to be introduced.
            contact.public = write_base64(signed)
    if packet.attribute("want") and contact.state in ("friend", "asked"):
        contact.due["profile"] = account.now
    if was != "friend" and contact.state == "friend":
        contact.due["public"] = account.now
        return True
    return False


def _introduced(account: Account, friend: Contact, packet: Packet) -> None:
    """Somebody else's public profile, as they signed it. Nothing that is known is replaced."""
    signed_data = base64_of(one(packet.element, "signed").text, 1, MOST_SIGNED)
    signed = verify_signed(signed_data)
    theirs = read(signed.content)
    assert packet.about is not None
    if (signed.signer, theirs.type) != (packet.about.author, "profile") or theirs.author != signed.signer:
        raise Refused("an introduction with another's profile")
    said = check_profile(one(theirs.element, "profile"))
    if said.sealing or signed.signer in (account.me, friend.fingerprint):
        raise Refused("an introduction of nobody")
    contact = account.state.contacts.get(signed.signer, Contact(signed.signer))
    if contact.state in ("unknown", "introduced"):
        _learn(account, contact, theirs, signed_data)
        contact.state, contact.grade = "introduced", "introduced"
        account.state.contacts[contact.fingerprint] = contact
    if contact.state in ("introduced", "asked", "waiting", "friend"):
        contact.introduced_by = contact.introduced_by or friend.fingerprint
        contact.grade = "introduced" if contact.grade == "-" else contact.grade


def _request(account: Account, contact: Contact, packet: Packet, signed: bytes) -> None:
    if contact.state == "blocked":
        return
    if contact.state == "friend":
        _learn(account, contact, packet, signed)
        contact.due["accept"] = account.now
        return
    holds = _use_code(account, contact, packet.attribute("code"))
    if contact.state == "asked" or holds:
        _learn(account, contact, packet, signed)
        contact.state, contact.grade = "friend", "invited" if holds else contact.grade
        contact.due = {"accept": account.now}
        return
    waiting = sum(other.state == "waiting" for other in account.state.contacts.values())
    if contact.state == "waiting" or waiting < MOST_WAITING:
        _learn(account, contact, packet, signed)
        contact.state = "waiting"


def _use_code(account: Account, contact: Contact, code: str | None) -> bool:
    known = account.state.codes.get(hashlib.sha256(bytes.fromhex(code)).hexdigest()) if code else None
    if known is None or known.expires <= account.now:
        return False
    if known.used_by in ("", contact.fingerprint):
        # For the first one who used it, and for nobody once that one is gone.
        holds = contact.state != "gone" or known.used_by == ""
        known.used_by = contact.fingerprint
        return holds
    for other in (contact, account.state.contacts[known.used_by]):
        other.alarm = "a code was used by two people"
    return False


def _learn(account: Account, contact: Contact, packet: Packet, signed: bytes) -> None:
    """The profile in a packet, if it is newer than the known one or says more."""
    said, certificate = check_profile(one(packet.element, "profile")), SIGNED_DATA.match(signed)["certificate"]
    if contact.profile:
        known = account.profile_of(contact)
        if said.serial < known.serial or (said.serial == known.serial and known.sealing):
            return
        before, after = account.keys_of(contact), pairs(said, IDENTITY.whole.match(certificate)["point"])
        for purpose, pair in before.items():
            if pair.encapsulation_key and purpose in after and not after[purpose].encapsulation_key:
                raise Refused("a profile without the ML-KEM key that was there")
    account.know(contact, said, certificate)

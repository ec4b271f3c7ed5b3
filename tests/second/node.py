"""What a node does: a round, and what its owner asks for.

Post travels by folders, as sn-send-file(1) and sn-recv-file(1) say: what is for somebody is a file SHA256.sn in the
folder that their address names.
"""

import copy
import hashlib
import secrets
import urllib.parse
from pathlib import Path

from . import blob, keys, owing, profile, seal, taking, threads, values
from .account import Account
from .keys import pem, unpem
from .markup import Element
from .packet import element
from .state import Code, Contact, Item
from .taking import Outcome
from .values import NotUnderstood, Refused


def fetch(account: Account) -> None:
    """Takes in everything that lies in the own folder, envelopes first: they list the chunks."""
    began = account.now
    for item in account.state.items.values():
        threads.expire(account, item)
    waiting = sorted(Path(account.state.post).glob("*.sn")) + sorted((account.folder / "held").iterdir())
    files = {path: path.read_bytes() for path in waiting}
    outcomes: dict[Path, Outcome | None] = {}
    friends = -1
    # Whoever becomes a friend lets what came before be read.
    while friends != len(account.state.friends()):
        friends = len(account.state.friends())
        for path, data in files.items():
            if seal.is_sealed(data) and outcomes.get(path, Outcome.HELD) == Outcome.HELD:
                outcomes[path] = _take(account, path.name, data)
    for path, data in files.items():
        if not seal.is_sealed(data):
            outcomes[path] = taking.take_chunk(account, data)
    account.state.read_to_end = began
    for path, data in files.items():
        if outcomes[path] == Outcome.HELD:
            (account.folder / "held" / hashlib.sha256(data).hexdigest()).write_bytes(data)
    account.save()
    for path in files:
        if path.parent != account.folder / "held" or outcomes[path] != Outcome.HELD:
            path.unlink()


def _take(account: Account, name: str, data: bytes) -> Outcome | None:
    # In whole or not at all: what a refused envelope has changed is undone.
    before = copy.deepcopy(account.state)
    try:
        return taking.take(account, data)
    except seal.NoKey:
        print(f"refused: {name}: no live key opens it")
    except NotUnderstood:
        return Outcome.HELD
    except Refused as reason:
        print(f"refused: {name}: {reason}")
        account.state = before
    return None


def send(account: Account) -> None:
    """Seals what is owed, and hands over what waits."""
    for contact, sealed, chunks in owing.seal_all(account):
        out = account.folder / "out" / contact.fingerprint
        out.mkdir(exist_ok=True)
        for chunk in chunks:
            if account.blob(chunk).exists():
                (out / f"{chunk}.sn").write_bytes(account.blob(chunk).read_bytes())
        (out / f"{hashlib.sha256(sealed).hexdigest()}.sn").write_bytes(sealed)
    account.save()
    for contact in account.state.contacts.values():
        out = account.folder / "out" / contact.fingerprint
        folder = _folder(account, contact)
        for path in sorted(out.glob("*.sn")) if folder and folder.is_dir() else []:
            assert folder is not None
            unfinished = folder / f".{path.name}.second"
            unfinished.write_bytes(path.read_bytes())
            unfinished.rename(folder / path.name)
            path.unlink()


def _folder(account: Account, contact: Contact) -> Path | None:
    """The first of their addresses that this node can send to."""
    for address in account.profile_of(contact).addresses:
        parts = urllib.parse.urlsplit(address)
        if parts.scheme == "file" and parts.netloc in ("", "localhost"):
            return Path(urllib.parse.unquote(parts.path))
    return None


# People.


def invite(account: Account) -> bytes:
    code = secrets.token_bytes(16)
    written = profile.write_invitation(account.me, account.now, code.hex(), account.profile(public=True))
    account.state.codes[hashlib.sha256(code).hexdigest()] = Code(account.now + 30 * keys.DAY)
    return pem("CMS", seal.sign(account.identity, written, account.now))


def add(account: Account, data: bytes) -> None:
    """The author of an invitation is asked, with the code."""
    signed_data = unpem("CMS", data)
    signed = seal.verify_signed(signed_data)
    invitation = profile.read_invitation(signed.content)
    if invitation.author != signed.signer or invitation.expires <= account.now:
        raise Refused("an invitation by somebody else, or one that has ended")
    contact = account.state.contact(invitation.author)
    if contact.state != "friend":
        account.know(contact, invitation.profile, seal.SIGNED_DATA.match(signed_data)["certificate"])
        contact.state, contact.grade, contact.code = "asked", "invited", invitation.code
        contact.due = {"request": account.now}


def who(account: Account, name: str) -> Contact:
    """By fingerprint, or by what they call themselves."""
    for contact in account.state.contacts.values():
        if name in (contact.fingerprint, account.profile_of(contact).name.lower()):
            return contact
    raise SystemExit(f"nobody is called {name}")


# Words.


def say(account: Account, kind: str, readers: list[str], attributes: dict[str, str], *parts: Element | None) -> Item:
    item = owing.make(account, kind, attributes, *parts)
    for reader in readers:
        contact = account.state.contacts[reader]
        if contact.state == "friend":
            contact.words.append(item.key)
    item.audience = list(readers)
    if kind == "share":
        inside = threads.carried(account.packet_of(item))
        item.carries = f"{inside.author}/{inside.id}"
    threads.settle(account, item, account.packet_of(item))
    return item


def answer(account: Account, kind: str, about: Item, text: str) -> Item:
    """A comment or reaction goes to the author of the root; in one's own thread to everyone who got the root."""
    root = account.state.items[about.root]
    readers = root.audience if root.author == account.me else [root.author]
    claims = {"as": account.state.name}
    return say(account, kind, readers, claims, naming("thread", root), naming("about", about), element("text", text))


def change(account: Account, kind: str, target: Item, attributes: dict[str, str], text: str | None = None) -> Item:
    """An edit or retraction goes where its target went; in one's own thread to everyone who got the root."""
    root = account.state.items[target.root]
    readers = target.audience if target.author == account.me else root.audience
    thread = naming("thread", root) if target.thread else None
    words = element("text", text) if text is not None else None
    return say(account, kind, readers, attributes, thread, naming("about", target), words)


def attach(account: Account, path: Path) -> Element:
    data = path.read_bytes()
    described = element(
        "attachment",
        name=path.name,
        type="application/octet-stream",
        size=str(len(data)),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    if len(data) <= 16384:
        described.children = [element("inline", values.write_base64(data))]
    else:
        key, chunks = blob.encrypt(data)
        listed = [element("chunk", sha256=account.store_chunk(chunk)) for chunk in chunks]
        described.children = [element("blob", key=key.hex())]
        described.children[0].children = listed
    return described


def get(account: Account, item: Item, number: int) -> bytes:
    attachment = account.packet_of(item).attachments[number - 1]
    if attachment.inline is not None:
        return attachment.inline
    assert attachment.key is not None
    chunks = [account.blob(digest).read_bytes() for digest in attachment.chunks]
    if any(hashlib.sha256(chunk).hexdigest() != digest for chunk, digest in zip(chunks, attachment.chunks)):
        raise Refused("a chunk that is not the one listed")
    return blob.decrypt(attachment.key, chunks, attachment.size, attachment.sha256)


def naming(name: str, item: Item) -> Element:
    """`<thread>` or `<about>` of a packet that is here."""
    return element(name, id=item.id, from_=item.author, sha256=item.sha256 if name == "about" else None)


def find(account: Account, end: str) -> Item:
    """The packet whose id ends so."""
    found = [item for item in account.state.items.values() if item.id.endswith(end)]
    if len(found) != 1:
        raise SystemExit(f"{len(found)} packets end with {end}")
    return found[0]

"""An account: its folder, its keys, and what it remembers.

identity/    as socialnet-seal(5) says
state.json   what is remembered
blobs/       chunks that packets list
held/        envelopes and chunks that are to be looked at again later
out/READER/  what waits to be handed over
"""

import hashlib
import secrets
import time
from pathlib import Path

from . import keys, packet, profile, seal, values
from .keys import Pair, PublicPair
from .markup import parse, write
from .packet import Packet
from .profile import Profile
from .state import Contact, Item, State, load


class Account:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.identity = keys.load_identity(folder / "identity")
        self.pairs = keys.load_pairs(folder / "identity")
        self.state = load(folder / "state.json")

    @classmethod
    def create(cls, folder: Path, name: str, post: str) -> "Account":
        for part in ("", "identity", "blobs", "held", "out"):
            (folder / part).mkdir(mode=0o700)
        identity, now = keys.new_identity(), int(time.time())
        for purpose in keys.USED:
            keys.save_pair(folder / "identity", identity.new_pair(purpose, now))
        keys.save_identity(folder / "identity", identity)
        State(values.line(name), post, secrets.token_hex(16), told=now).save(folder / "state.json")
        return cls(folder)

    @property
    def me(self) -> str:
        return self.identity.fingerprint

    @property
    def now(self) -> int:
        """By the clock, or by the witness if the clock is behind: socialnet-protocol(7) "CLOCKS"."""
        return max(int(time.time()), self.state.witness)

    def save(self) -> None:
        self.state.save(self.folder / "state.json")

    # Keys and profiles.

    def profile(self, public: bool) -> Profile:
        """One's own; its public part has neither the words about its owner nor sealing keys."""
        newest = {purpose: next(pair for pair in self.pairs if pair.purpose == purpose) for purpose in keys.USED}
        meeting, sealing = (
            (pair.p256_certificate, pair.ml_kem_certificate) for pair in (newest["meeting"], newest["sealing"])
        )
        address = f"file://{self.state.post}"
        bio = None if public else self.state.bio
        return Profile(self.state.name, self.state.serial, bio, (address,), meeting, None if public else sealing)

    def profile_of(self, contact: Contact) -> Profile:
        return profile.check_profile(parse(contact.profile.encode(), packet.MOST))

    def keys_of(self, contact: Contact) -> dict[str, PublicPair]:
        certificate = keys.IDENTITY.whole.match(values.base64_of(contact.certificate, 1, 8192))
        return profile.pairs(self.profile_of(contact), certificate["point"])

    def know(self, contact: Contact, said: Profile, certificate: bytes) -> None:
        """Takes a profile as the known one, if its keys are its author's."""
        profile.pairs(said, keys.IDENTITY.whole.match(certificate)["point"])
        contact.certificate = values.write_base64(certificate)
        contact.profile = write(profile.profile_element(packet.NAMESPACE, said))

    def add_pair(self, pair: Pair) -> None:
        keys.save_pair(self.folder / "identity", pair)
        self.pairs = keys.load_pairs(self.folder / "identity")

    # Packets.

    def keep_own(self, own: Packet) -> Item:
        signed = seal.sign(self.identity, own.data, self.now)
        return self.keep(own, signed, "")

    def keep(self, came: Packet, signed: bytes, through: str) -> Item:
        item = Item(
            came.id,
            came.author,
            came.type,
            came.created,
            came.expires,
            came.sha256,
            through,
            came.text if came.understood else came.fallback,
            came.claims,
            f"{came.thread.author}/{came.thread.id}" if came.thread else "",
            f"{came.about.author}/{came.about.id}" if came.about and came.about.id else "",
            signed=values.write_base64(signed),
            understood=came.understood,
            chunks=[chunk for attachment in came.attachments for chunk in attachment.chunks],
            listed=self.now,
        )
        self.state.items[item.key] = item
        return item

    def packet_of(self, item: Item) -> Packet:
        return packet.read(seal.verify_signed(self.signed(item)).content)

    @staticmethod
    def signed(item: Item) -> bytes:
        return values.base64_of(item.signed, 1, 2 * packet.MOST)

    # Chunks.

    def blob(self, digest: str) -> Path:
        return self.folder / "blobs" / values.hexadecimal(digest, 32).hex()

    def store_chunk(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self.blob(digest).write_bytes(data)
        return digest

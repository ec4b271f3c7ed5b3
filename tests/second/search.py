"""What people are found by, socialnet-search(7): the canonical form, handles, tags and bottles; read, not sent."""

import datetime
import hashlib
import hmac
import re
import struct
import unicodedata
from dataclasses import dataclass

import idna
import regex
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from .values import Refused

LONGEST = 256
FORMS = {"name": "name", "former-name": "name", "born": "date", "phone": "phone", "mail": "mail"} | {
    key: "text" for key in ("nick", "town", "street", "school", "employer", "club")
}
_OWN = re.compile(r"x-[a-z0-9-]{1,30}")
_UNSEEN = regex.compile("['`\u00b4\u00b7\u02b9\u02bb\u02bc\u2018\u2019\u0640]|\\p{Default_Ignorable_Code_Point}")
_ACCENT = regex.compile(r"(?![\u3099\u309a])[[\p{Script=Inherited}\p{Script=Hebrew}]&&\p{Mn}]", regex.V1)
_SPACE = regex.compile(r"[\p{White_Space}\p{P}]+")
_TRIM = regex.compile(r"^\p{White_Space}+|\p{White_Space}+$")
_UNSPACED = regex.compile(
    r"[\u30fc \p{Script=Bopomofo}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]+"
)
_LETTERS = str.maketrans(
    {"æ": "ae", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ŋ": "n", "ø": "o", "œ": "oe", "þ": "th", "ŧ": "t"}
)


def canonical(key: str, value: str) -> str:
    form = FORMS.get(key) or (_OWN.fullmatch(key) and "text")
    if not form:
        raise Refused(f"there is no key {key!r}")
    if len(value.encode()) > LONGEST:
        raise Refused("too long")
    for c in value:
        category = unicodedata.category(c)
        if category in ("Cn", "Co") or (category == "Cc" and not regex.match(r"\p{White_Space}", c)):
            raise Refused(f"U+{ord(c):04X} in it")
    found = {"name": _name, "text": _text, "phone": _phone, "mail": _mail, "date": _date}[form](value)
    if not regex.search(r"[\p{Alphabetic}\p{N}]", found):
        raise Refused("nothing is left")
    if len(found.encode()) > LONGEST:
        raise Refused("too long")
    return found


def _digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) if unicodedata.category(c) == "Nd" else c for c in text)


def _text(value: str) -> str:
    value = _UNSEEN.sub("", value)
    value = _ACCENT.sub("", unicodedata.normalize("NFKD", value)).casefold()
    value = _UNSEEN.sub("", _ACCENT.sub("", unicodedata.normalize("NFKD", value)))
    value = unicodedata.normalize("NFKC", _SPACE.sub(" ", _digits(value.translate(_LETTERS))))
    words = regex.sub(r"\p{White_Space}+", " ", value).strip()
    return unicodedata.normalize("NFKC", words.replace(" ", "")) if _UNSPACED.fullmatch(words) else words


def _name(value: str) -> str:
    return " ".join(sorted(_text(value).split(" ")))


def _plain(value: str) -> str:
    return _digits(_TRIM.sub("", unicodedata.normalize("NFKC", value)))


def _phone(value: str) -> str:
    value = regex.sub(r"[ ./()\p{Pd}]", "", re.sub("^00", "+", _plain(value).replace("(0)", "")))
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", value):
        raise Refused("not a telephone number with its country")
    return value


def _mail(value: str) -> str:
    local, at, domain = _plain(value).rpartition("@")
    local = unicodedata.normalize("NFKC", local.casefold())
    if not at or not local or regex.search(r'[\p{White_Space}@"<>(),:;\\]', local):
        raise Refused("not a mail address")
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError as reason:
        raise Refused(f"not a domain: {reason}") from None


def _date(value: str) -> str:
    value = _plain(value)
    try:
        if not re.fullmatch("[0-9]{4}", value) and datetime.date.fromisoformat(value).isoformat() != value:
            raise Refused("not a date")
    except ValueError:
        raise Refused("not a date") from None
    return value


def handle(words: list[str]) -> str:
    """The canonical form of KEY=VALUE words."""
    details = [(key, canonical(key, value)) for key, _, value in (word.partition("=") for word in words)]
    return "".join(f"{key}={value}\n" for key, value in sorted(details))


def derive(words: list[str], secret: str | None) -> tuple[bytes, bytes]:
    """H and B of a handle."""
    spelt = unicodedata.normalize("NFC", regex.sub(r"\p{White_Space}", " ", secret or ""))
    salt = hashlib.sha256(b"socialnet-search-1\0" + spelt.encode()).digest()
    made = Argon2id(salt=salt, length=64, iterations=3, lanes=4, memory_cost=64 << 10).derive(handle(words).encode())
    return made[:32], made[32:]


def tag(token: bytes, h: bytes) -> bytes:
    return hmac.digest(token, h, "sha256")


@dataclass
class Opened:
    handles: list[int]
    digest: bytes
    content: bytes
    proof_key: bytes


def _expand(secret: bytes, salt: bytes, what: str, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, f"socialnet-bottle-1 {what}".encode()).derive(secret)


def unbottle(data: bytes, own: list[bytes]) -> Opened | None:
    """None: it is for somebody else, or of another scheme."""
    if len(data) < 4 or (scheme := struct.unpack(">I", data[:4])[0]) == 0:
        raise Refused("not a bottle")
    if scheme != 1:
        return None
    if len(data) != 8192:
        raise Refused("not a bottle")
    nonce, commitment, header, body = data[4:36], data[36:68], data[:644], data[644:]
    slots = {data[at : at + 32]: data[at + 32 : at + 72] for at in range(572, 67, -72)}
    found: list[int] = []
    key = proof_key = b""
    for number, b in enumerate(own):
        made = _expand(b, nonce, "slot", 96)
        if (wrapped := slots.get(made[:32])) is None:
            continue
        try:
            unwrapped = aes_key_unwrap(made[32:64], wrapped)
        except InvalidUnwrap:
            raise Refused("a slot with no key in it") from None
        if found and unwrapped != key:
            raise Refused("two keys")
        if not found:
            key, proof_key = unwrapped, made[64:]
        found.append(number)
    if not found:
        return None
    made = _expand(key, nonce, "body", 64)
    if made[:32] != commitment:
        raise Refused("another key than it commits to")
    try:
        clear = AESGCM(made[32:]).decrypt(bytes(12), body, header)
    except InvalidTag:
        raise Refused("a body that was changed") from None
    length = struct.unpack(">H", clear[:2])[0]
    if length > len(clear) - 2 or any(clear[2 + length :]):
        raise Refused("padding that is none")
    return Opened(found, hashlib.sha256(header).digest(), clear[2 : 2 + length], proof_key)


def proof(opened: Opened, answerer: bytes) -> bytes:
    return _expand(opened.proof_key, answerer, "answer", 32)

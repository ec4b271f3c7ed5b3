"""Attachments too long for their packet: encrypted by RFC 8188 and cut in chunks. socialnet-seal(5) "BLOBS"."""

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .values import Refused

RECORD = 65536
"""Bytes of a full record, encrypted: the tag takes 16 of them and the delimiter one."""
CHUNK = 4 << 20
_CLEAR = RECORD - 17
_HEADER = 21


def _derive(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, b"Content-Encoding: " + info + b"\0").derive(key)


def _cipher(key: bytes, salt: bytes) -> tuple[AESGCM, int]:
    """RFC 8188 sections 2.2 and 2.3: the key for the content, and what the numbers of records are added to."""
    nonce = int.from_bytes(_derive(key, salt, b"nonce", 12), "big")
    return AESGCM(_derive(key, salt, b"aes128gcm", 16)), nonce


def encrypt(data: bytes) -> tuple[bytes, list[bytes]]:
    """The input keying material, and the chunks."""
    key, salt = secrets.token_bytes(16), secrets.token_bytes(16)
    cipher, nonce = _cipher(key, salt)
    stream = salt + RECORD.to_bytes(4, "big") + b"\0"
    starts = range(0, max(len(data), 1), _CLEAR)
    for number, start in enumerate(starts):
        delimiter = b"\2" if number == len(starts) - 1 else b"\1"
        stream += cipher.encrypt((nonce ^ number).to_bytes(12, "big"), data[start : start + _CLEAR] + delimiter, None)
    return key, [stream[at : at + CHUNK] for at in range(0, len(stream), CHUNK)]


def decrypt(key: bytes, chunks: list[bytes], size: int, sha256: str) -> bytes:
    """The file, if it is the one that was listed. Digests of the chunks were compared by who found them."""
    if any(len(chunk) != CHUNK for chunk in chunks[:-1]):
        raise Refused("a chunk of another length")
    stream = b"".join(chunks)
    if len(stream) != size + 17 * max(1, -(-size // _CLEAR)) + _HEADER or stream[16:21] != b"\0\1\0\0\0":
        raise Refused("a blob of another length or record size")
    cipher, nonce = _cipher(key, stream[:16])
    data, starts = b"", range(_HEADER, len(stream), RECORD)
    for number, start in enumerate(starts):
        try:
            record = cipher.decrypt((nonce ^ number).to_bytes(12, "big"), stream[start : start + RECORD], None)
        except InvalidTag:
            raise Refused(f"record {number} does not hold") from None
        if record[-1:] != (b"\2" if number == len(starts) - 1 else b"\1"):
            raise Refused(f"record {number} is not in its place")
        data += record[:-1]
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Refused("another file than was listed")
    return data

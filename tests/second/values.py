"""The spelling of single values, socialnet-packet(5) "Values": each has one, and any other is refused."""

import base64
import datetime
import hashlib
import re
import secrets
import uuid
from collections.abc import Iterable


class Refused(Exception):
    """Malformed, not genuine, or from somebody who may not say it: the whole is refused, with the reason."""


class NotUnderstood(Exception):
    """Nothing is wrong with it, but this node does not know what it means: it is kept whole."""


MOST = 2**63 - 1
"""The largest number that may be written."""

_FINGERPRINT = re.compile(r"[a-z2-7]{51}[aq]")
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_NUMBER = re.compile(r"0|[1-9][0-9]*")


def fingerprint_of(spki: bytes) -> str:
    """Names the person whose identity key has this SubjectPublicKeyInfo (DER)."""
    return base64.b32encode(hashlib.sha256(spki).digest()).decode().rstrip("=").lower()


def fingerprint(text: str) -> str:
    if not _FINGERPRINT.fullmatch(text):
        raise Refused(f"{text!r} is not a fingerprint")
    return text


def identifier(text: str) -> str:
    """A UUID of version 7, RFC 9562 section 5.7."""
    if not _UUID7.fullmatch(text):
        raise Refused(f"{text!r} is not an id")
    return text


def new_identifier(milliseconds: int) -> str:
    drawn = int.from_bytes(secrets.token_bytes(10), "big")
    bits = milliseconds << 80 | 7 << 76 | (drawn >> 68) << 64 | 2 << 62 | drawn & (1 << 62) - 1
    return str(uuid.UUID(int=bits))


def time(text: str) -> int:
    """Seconds since 1970. strptime takes leap seconds, and the year 0 does not exist for it."""
    if not _TIME.fullmatch(text) or text[17:19] > "59":
        raise Refused(f"{text!r} is not a time")
    try:
        there = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise Refused(f"{text!r} is not a time") from None
    return int(there.replace(tzinfo=datetime.UTC).timestamp())


def write_time(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def number(text: str, least: int = 0, most: int = MOST) -> int:
    # Before int() sees it: a million digits would take it long.
    if not _NUMBER.fullmatch(text) or len(text) > 19 or not least <= int(text) <= most:
        raise Refused(f"{text[:30]!r} is not a number from {least} to {most}")
    return int(text)


def hexadecimal(text: str, length: int) -> bytes:
    """`length` bytes in lower-case digits."""
    if not re.fullmatch(f"[0-9a-f]{{{2 * length}}}", text):
        raise Refused(f"not {2 * length} hexadecimal digits")
    return bytes.fromhex(text)


def base64_of(text: str, least: int, most: int) -> bytes:
    """The bytes that base64 stands for, `least` to `most` of them; white space means nothing in it."""
    dense = re.sub(r"[ \t\n]", "", text)
    try:
        data = base64.b64decode(dense, validate=True)
    except ValueError:
        raise Refused("not base64") from None
    if write_base64(data) != dense:
        raise Refused("base64 with bits set behind the last byte")
    if not least <= len(data) <= most:
        raise Refused(f"base64 of {len(data)} bytes, not {least} to {most}")
    return data


def write_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def label(text: str, least: int, most: int) -> str:
    """Text for people; its length counts in bytes."""
    if not least <= len(text.encode()) <= most:
        raise Refused(f"a text of {len(text.encode())} bytes, not {least} to {most}")
    return text


def line(text: str) -> str:
    """A name that somebody goes by: one line of 1 to 100 characters, not all of them spaces."""
    if not 1 <= len(text) <= 100 or not text.strip(" ") or re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", text):
        raise Refused("not a name of one line of 1 to 100 characters")
    return text


Ranges = list[tuple[int, int]]
"""Counters, as first and last of each range: from 1, rising, with a gap between each two."""


def ranges(text: str) -> Ranges:
    """``1-57,59``: what a gap, `<received>` and `<answers>` hold behind the colon."""
    got: Ranges = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        low = number(first, 1)
        high = number(last, low + 1) if dash else low
        if got and low <= got[-1][1] + 1:
            raise Refused("ranges that touch or do not rise")
        got.append((low, high))
    return got


def write_ranges(counters: Ranges) -> str:
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in counters)


def union(*several: Iterable[tuple[int, int]]) -> Ranges:
    """All counters that are in any of them. Never counted one by one: a range may be longer than memory."""
    got: Ranges = []
    for low, high in sorted(pair for pairs in several for pair in pairs):
        if got and low <= got[-1][1] + 1:
            got[-1] = (got[-1][0], max(high, got[-1][1]))
        else:
            got.append((low, high))
    return got


def between(counters: Ranges) -> Ranges:
    """What is missing from 1 on, below the highest."""
    highs = [0, *(high for _, high in counters)]
    return [(high + 1, low - 1) for high, (low, _) in zip(highs, counters) if low > high + 1]


def common(one: Ranges, other: Ranges) -> Ranges:
    """The counters that are in both."""
    pairs = [(max(a, c), min(b, d)) for a, b in one for c, d in other]
    return union((low, high) for low, high in pairs if low <= high)


def within(counter: int, counters: Ranges) -> bool:
    return any(low <= counter <= high for low, high in counters)


def stream_ranges(texts: list[str]) -> dict[str, Ranges]:
    """Several elements ``STREAM:RANGES``: no stream twice, and at most 32 ranges in all of them."""
    got: dict[str, Ranges] = {}
    for text in texts:
        stream, _, counters = text.partition(":")
        hexadecimal(stream, 16)
        if stream in got:
            raise Refused(f"stream {stream} twice")
        got[stream] = ranges(counters)
    if sum(map(len, got.values())) > 32:
        raise Refused("more than 32 ranges")
    return got

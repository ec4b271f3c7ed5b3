#!/usr/bin/env python3
"""Clients for a box: many honest ones, and some that mean harm.

    http-clients.py load HOST:PORT PATH COUNT CONNECTIONS
        posts COUNT different envelopes of about 3 KB over so many connections, each until it is accepted, and prints
        the SHA-256 of each as soon as it is
    http-clients.py ATTACK HOST:PORT PATH
        does what the attack is called, and prints what came of it in a few words
"""

import hashlib
import http.client
import random
import select
import socket
import sys
import threading
import time

# Nothing here goes on for longer, whatever the server does.
END = time.monotonic() + 900
KIND = "Content-Type: application/octet-stream\r\n"


def letter(number):
    chance = random.Random(number)
    return chance.randbytes(2500 + number % 1000)


def load(host, path, count, connections):
    numbers = iter(range(int(count)))
    lock = threading.Lock()
    failed = []

    def work():
        connection = None
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            body = letter(number)
            while True:
                try:
                    if connection is None:
                        connection = http.client.HTTPConnection(host, timeout=30)
                    connection.request("POST", path, body, {"Content-Type": "application/pkcs7-mime"})
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status == 202:
                        break
                except (OSError, http.client.HTTPException):
                    # The server was killed: its sender tries again.
                    connection = None
                if time.monotonic() > END:
                    failed.append(number)
                    return
                time.sleep(0.05)
            with lock:
                print(hashlib.sha256(body).hexdigest(), flush=True)

    threads = [threading.Thread(target=work) for _ in range(int(connections))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.exit(1 if failed else 0)


def connect(host, source="127.0.0.1"):
    name, port = host.split(":")
    return socket.create_connection((name, int(port)), timeout=30, source_address=(source, 0))


def answers(stream, patience=30):
    """All that comes until the server closes, or nothing comes for so long."""
    stream.settimeout(patience)
    said = b""
    try:
        while piece := stream.recv(65536):
            said += piece
    except TimeoutError:
        said += b" and then silence"
    except OSError:
        # Closed while we were talking: what it said before is there.
        pass
    return said


def statuses(said):
    words = [line.split()[1].decode() for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    return " ".join(words + (["silence"] if said.endswith(b"silence") else []))


def post(path, headers, body=b""):
    return f"POST {path} HTTP/1.1\r\nHost: x\r\n{KIND}{headers}\r\n".encode() + body


def slow_heads(host, path):
    """500 clients from many addresses that never finish a head; an honest one meanwhile; all are closed in the end."""
    streams = []
    for number in range(500):
        stream = connect(host, f"127.0.1.{number % 100 + 1}")
        stream.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nX-".encode())
        streams.append(stream)
    honest = connect(host)
    begun = time.monotonic()
    honest.sendall(post(path, "Content-Length: 6\r\nConnection: close\r\n", b"honest"))
    served = statuses(answers(honest))
    waited = time.monotonic() - begun
    open_ones = {stream.fileno(): stream for stream in streams}
    poll = select.poll()
    for stream in streams:
        poll.register(stream, select.POLLIN)
    while open_ones and time.monotonic() < begun + 60:
        for stream in open_ones.values():
            try:
                stream.send(b"a")
            except OSError:
                pass
        for descriptor, _ in poll.poll(500):
            stream = open_ones.pop(descriptor, None)
            if stream:
                poll.unregister(stream)
                stream.close()
    print(served, "quickly" if waited < 20 else f"after {waited:.0f} s", len(open_ones), "open")


def slow_bodies(host, path):
    """100 clients that send a byte now and then: each is answered and closed, though it never stops."""
    streams = []
    for number in range(100):
        stream = connect(host, f"127.0.2.{number + 1}")
        stream.sendall(post(path, "Content-Length: 1000000\r\n", b"x"))
        streams.append(stream)
    begun = time.monotonic()
    left = list(streams)
    while left and time.monotonic() < begun + 60:
        for stream in list(left):
            try:
                stream.send(b"x")
                if select.select([stream], [], [], 0)[0]:
                    left.remove(stream)
            except OSError:
                left.remove(stream)
        time.sleep(0.2)
    print(len(left), "still served")


def holding_on(host, path):
    """Says "on" once the server reads a body, then sends a byte of it now and then until the server goes, or a minute."""
    stream = connect(host)
    stream.sendall(post(path, "Content-Length: 1000000\r\nExpect: 100-continue\r\n"))
    print("on" if stream.recv(65536).startswith(b"HTTP/1.1 100 ") else "off", flush=True)
    until = time.monotonic() + 60
    try:
        while time.monotonic() < until:
            stream.send(b"x")
            time.sleep(0.2)
        print("still there")
    except OSError:
        print("gone")


def half_open(host, path):
    """Bodies that stop in the middle: one small, one large, one whose sender goes away."""
    for size, sent in ((1000, 500), (4_000_000, 2_000_000)):
        stream = connect(host)
        stream.sendall(post(path, f"Content-Length: {size}\r\n", b"x" * sent))
        print(statuses(answers(stream)), end=" ")
    stream = connect(host)
    stream.sendall(post(path, "Content-Length: 4000000\r\n", b"y" * 2_000_000))
    stream.close()
    print("gone")


def endless_chunks(host, path):
    """A chunked body that never ends."""
    stream = connect(host)
    stream.sendall(post(path, "Transfer-Encoding: chunked\r\n"))
    chunk = b"10000\r\n" + b"z" * 65536 + b"\r\n"
    sent = 0
    try:
        while time.monotonic() < END and not select.select([stream], [], [], 0)[0]:
            stream.sendall(chunk)
            sent += 65536
    except OSError:
        pass
    print(statuses(answers(stream)), "soon" if sent < 100_000_000 else "late")


def hundred_megabytes(host, path):
    """100 MB, with its length told: who listens while sending hears the answer."""
    stream = connect(host)
    stream.sendall(post(path, "Content-Length: 100000000\r\n"))
    sent = 0
    try:
        while sent < 100_000_000 and not select.select([stream], [], [], 0)[0]:
            sent += stream.send(b"m" * 65536)
    except OSError:
        pass
    print(statuses(answers(stream)), "early" if sent < 50_000_000 else "late")


def double_lengths(host, path):
    """What proxies and servers read differently: no request inside another's body may be served."""
    inside = post(path, "Content-Length: 8\r\n", b"smuggled")
    outside = [
        f"Content-Length: {len(inside)}\r\nContent-Length: 0\r\n",
        f"Content-Length: 0\r\nContent-Length: {len(inside)}\r\n",
        f"Content-Length: 0, {len(inside)}\r\n",
        "Content-Length: +0\r\n",
        "Content-Length: 0x0\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: \r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Content-Length : 0\r\n",
        "Content-Length\t: 0\r\n",
        "X: y\r\n Content-Length: 0\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding:\x0bchunked\r\n",
    ]
    for headers in outside:
        stream = connect(host)
        stream.sendall(post(path, headers, inside))
        stream.shutdown(socket.SHUT_WR)
        said = statuses(answers(stream))
        print("refused" if said in ("400", "") else f"{headers!r}: {said}")
    # Both: chunked counts (RFC 9112 section 6.3), and nothing more is read from this connection.
    for both in ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"):
        stream = connect(host)
        stream.sendall(post(path, both, b"1\r\na\r\n0\r\n\r\n" + inside))
        stream.shutdown(socket.SHUT_WR)
        print("once" if statuses(answers(stream)) in ("202", "400") else both)
    for body in (b"fffffffffffffffff\r\nx", b"-1\r\nx", b"0x1\r\nx\r\n0\r\n\r\n", b"1;" + b"e" * 100_000, b"g\r\n"):
        stream = connect(host)
        try:
            stream.sendall(post(path, "Transfer-Encoding: chunked\r\n", body + inside))
            stream.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        said = statuses(answers(stream))
        print("refused" if said in ("400", "") else f"{body[:20]!r}: {said}")


def long_heads(host, path):
    """Heads without end, in one line and in many."""
    for more in (b"X: " + b"x" * 1000, b"X: y\r\n"):
        stream = connect(host)
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n".encode())
        try:
            for _ in range(100_000):
                stream.sendall(more)
                if select.select([stream], [], [], 0)[0]:
                    break
        except OSError:
            pass
        print(statuses(answers(stream)) or "closed", end=" ")
    print()


def many_connections(host, path):
    """More connections from one address than it may have; another address gets in."""
    streams = [connect(host, "127.0.3.1") for _ in range(200)]
    # Whoever is let in is answered, however long that takes.
    for stream in streams:
        try:
            stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        except OSError:
            pass
    closed = 0
    for stream in streams:
        try:
            closed += not stream.recv(65536)
        except ConnectionError:
            closed += 1
    other = connect(host, "127.0.3.2")
    other.sendall(post(path, "Content-Length: 5\r\nConnection: close\r\n", b"other"))
    print(closed, "turned away, another:", statuses(answers(other)))


def idle_connections(host, path):
    """300 connections that say nothing, from three addresses; one that is honest."""
    streams = [connect(host, f"127.0.5.{number % 3 + 1}") for number in range(300)]
    honest = connect(host)
    honest.sendall(post(path, "Content-Length: 4\r\nConnection: close\r\n", b"idle"))
    print(len(streams), "idle, another:", statuses(answers(honest)))


def unfinished(host, path):
    """Four uploads of 1 MB that stop before their end; then, with all of them gone, a whole one."""
    streams = []
    for _ in range(4):
        stream = connect(host)
        stream.sendall(post(path, "Content-Length: 1000001\r\n", b"u" * 1_000_000))
        streams.append(stream)
    answered = select.select(streams, [], [], 60)[0]
    # They are read side by side: room that one gives back may come too late for the next. One that fits is not answered.
    said = {statuses(stream.recv(65536)) for stream in answered}
    print(*sorted(said), "all of them," if len(answered) == len(streams) else "some;", "then:", end=" ")
    for stream in streams:
        stream.close()
    said = "507"
    while said == "507" and time.monotonic() < END:
        stream = connect(host)
        stream.sendall(post(path, "Content-Length: 1000000\r\nConnection: close\r\n", b"w" * 1_000_000))
        said = statuses(answers(stream))
    print(said)


def many_requests(host, path):
    """More requests from one address than it may make; another address is served."""
    stream = http.client.HTTPConnection(host, timeout=30, source_address=("127.0.4.1", 0))
    begun, number = time.monotonic(), 0
    while time.monotonic() < END:
        stream.request("POST", path, b"request", {"Content-Type": "application/octet-stream"})
        answer = stream.getresponse()
        answer.read()
        if answer.status == 429:
            # There are 600 at first, and one more each tenth of a second.
            most = 601 + 10 * (time.monotonic() - begun)
            print("429 in time, wait" if 600 <= number <= most else f"429 after {number}, wait", end=" ")
            print("told," if int(answer.getheader("Retry-After")) > 0 else "not told,", end=" ")
            break
        number += 1
    other = http.client.HTTPConnection(host, timeout=30, source_address=("127.0.4.2", 0))
    other.request("POST", path, b"another", {"Content-Type": "application/octet-stream"})
    print("another:", other.getresponse().status)


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    globals()[what](*arguments)

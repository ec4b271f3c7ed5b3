#!/usr/bin/env python3
"""A web server that misbehaves as the path says: http-wrong.py FOLDER CERTIFICATE KEY

Listens with TLS on a port of loopback, which it writes to FOLDER/port; each request is a line of FOLDER/asked.
Ends when its standard input does.
"""

import hashlib
import os
import pathlib
import ssl
import socket
import sys
import threading
import time

folder, certificate, key = sys.argv[1:4]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
listener = socket.create_server(("127.0.0.1", 0), backlog=64)
port = listener.getsockname()[1]
asked = open(os.path.join(folder, "asked"), "a", buffering=1)


def request(stream):
    """Reads one request; its method and path."""
    line = stream.readline(4096)
    length = 0
    while header := stream.readline(4096).strip():
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    body = stream.read(length)
    words = line.decode().split()
    if len(words) == 3:
        asked.write(f"{words[0]} {words[1]} {len(body)}\n")
        return words[0], words[1]
    return None


def short(status, words, *headers):
    head = "".join(header + "\r\n" for header in headers)
    body = words + "\n"
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{head}\r\n{body}".encode()


def endless(first, piece):
    yield first
    while True:
        yield piece


def drip():
    yield b"HTTP/1.1 200 OK\r\nX-Slow: "
    while True:
        time.sleep(0.1)
        yield b"x"


def silence():
    time.sleep(60)
    yield b""


ITEM = b"an item\n"
NAME = hashlib.sha256(ITEM).hexdigest()


def plain(body):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def answer(path):
    """Pieces of what is sent; without any the connection is closed."""
    kind, _, rest = path.removeprefix("/in/").partition("/")
    if kind == "item-without-end":
        if not rest:
            return [plain(f"{NAME}\n".encode())]
        return endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b"x" * 1000 + b"\r\n")
    if kind == "cut-short":
        return [plain(ITEM)[:-1] if rest else plain(f"{NAME}\n".encode())]
    if kind == "silent-for-one":
        # Another is cut short, and a third there from when FOLDER/more is made until it was fetched.
        silent, cut, more = "0" * 64, "0" * 63 + "1", pathlib.Path(folder, "more")
        if rest == silent:
            return silence()
        if rest == NAME:
            more.unlink(missing_ok=True)
        if rest:
            return [plain(ITEM)[: -1 if rest == cut else None]]
        return [plain("".join(f"{name}\n" for name in (silent, cut, NAME)[: 2 + more.exists()]).encode())]
    if kind == "lists-what-was-deleted":
        return [plain(ITEM if rest else f"{NAME}\n".encode())]
    if kind == "lists-paths":
        return [plain(f"../../secret\n{NAME}\n".encode())]
    if kind == "redirects":
        return [short(307, "elsewhere", f"Location: https://localhost:{port}/in/elsewhere")]
    return post_answer(path)


def post_answer(path):
    """As above, for whoever posts."""
    kind, _, rest = path.removeprefix("/in/").partition("/")
    if kind == "status":
        status, *waits = rest.split("/")
        return [short(status, "in words", *(f"Retry-After: {wait}" for wait in waits))]
    if kind == "to":
        status, _, where = rest.partition("/")
        return [short(status, "elsewhere", f"Location: {where.replace('PORT', str(port))}")]
    if kind == "head-without-end":
        return endless(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 1000 + b"\r\n")
    if kind == "body-without-end":
        return endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b"x" * 1000 + b"\r\n")
    if kind == "refusal-without-end":
        return endless(b"HTTP/1.1 404 No\r\nContent-Length: 99999999999\r\n\r\n", b"x" * 1000)
    if kind == "drip":
        return drip()
    if kind == "silence":
        return silence()
    if kind == "nonsense":
        return [b"\x16\x03\x01 this is no answer\r\n\r\n"]
    if kind == "nothing":
        return []
    if kind == "escapes":
        return [short(400, "\x1b[31mred\x07 and <b>bold</b>")]
    return [short(202, "it is in the box")]


def serve(connection):
    try:
        stream = context.wrap_socket(connection, server_side=True)
        reader = stream.makefile("rb")
        while found := request(reader):
            answered = False
            for piece in answer(found[1]):
                stream.sendall(piece)
                answered = True
            if not answered:
                break
        stream.close()
    except (OSError, ValueError):
        # The client has given up.
        connection.close()


def accept():
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
with open(os.path.join(folder, "port.new"), "w") as file:
    file.write(f"{port}\n")
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
sys.stdin.read()

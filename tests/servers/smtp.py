#!/usr/bin/env python3
"""An SMTP server that behaves as a script says, for tests of what real servers do on bad days.

usage: tests/servers/smtp.py FOLDER [--tls CERTIFICATE KEY | --starttls CERTIFICATE KEY] <SCRIPT

It listens on 127.0.0.1, writes its port to FOLDER/port, every command it gets to FOLDER/log, each mail it has taken to
FOLDER/NUMBER.eml and its readers to FOLDER/NUMBER.to. It ends when it is killed.

A line of the script is EVENT COUNT ACTION: what to do the first COUNT times (`*`: always) that this happens. What no
line speaks of goes well. EVENT is GREETING, EHLO, STARTTLS, AUTH, MAIL, RCPT, RCPT:word (an address with this word in
it), DATA, BODY (the message has begun), END (it is complete), RSET or QUIT. ACTION is one of

    450 4.7.1 words      this answer; \\n begins another line of it
    close                hang up, without an answer
    close-after 250 ok   hang up after this answer
    take-and-close       END: keep the mail, and hang up without an answer
    silence              never answer
    endless-line         a line without an end
    endless-answer       an answer without an end
    inject 250 words     STARTTLS: the usual answer, and this one with it before the handshake

A line `OFFER words` adds to what EHLO announces (8BITMIME and PIPELINING, unless there is a line `LOCKSTEP`).
"""

import base64
import os
import socket
import socketserver
import ssl
import sys
import threading

LOCK = threading.Lock()


class Script:
    def __init__(self, lines):
        self.offers, self.events, self.pipelining = [], [], True
        for line in lines:
            words = line.strip().split(" ", 2)
            if words[0] == "OFFER":
                self.offers.append(line.strip()[6:])
            elif words[0] == "LOCKSTEP":
                self.pipelining = False
            elif len(words) == 3:
                self.events.append([words[0], -1 if words[1] == "*" else int(words[1]), words[2]])
            elif line.strip():
                sys.exit(f"not EVENT COUNT ACTION: {line.strip()}")

    def action(self, event, argument=""):
        with LOCK:
            for line in self.events:
                name, _, word = line[0].partition(":")
                if name == event and word in argument and line[1] != 0:
                    line[1] -= 1
                    return line[2]
        return None


class HangUp(Exception):
    pass


class Session(socketserver.BaseRequestHandler):
    def handle(self):
        self.readers, self.data = [], b""
        if self.server.implicit:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.input = self.request.makefile("rb")
        try:
            self.converse()
        except (HangUp, OSError):
            pass
        finally:
            self.request.close()

    def say(self, text):
        self.request.sendall((text.replace("\\n", "\r\n") + "\r\n").encode())

    def do(self, event, usual, argument="", first=lambda: None):
        """Answers as the script says; True if it was the usual answer, or another yes, before which `first` is done."""
        action = self.server.script.action(event, argument)
        if action is None:
            first()
            self.say(usual)
            return True
        words = action.split(" ", 1)
        if words[0] == "close":
            raise HangUp
        if words[0] == "close-after":
            self.say(words[1])
            raise HangUp
        if words[0] == "take-and-close":
            self.keep()
            raise HangUp
        if words[0] == "silence":
            self.input.read()
            raise HangUp
        if words[0] == "endless-line":
            while True:
                self.request.sendall(b"2" * 65536)
        if words[0] == "endless-answer":
            while True:
                self.request.sendall(b"250-and another thing\r\n" * 1000)
        if words[0] == "inject":
            self.say(usual + "\\n" + words[1])
            return True
        if action[0] in "23":
            first()
        self.say(action)
        return action[0] in "23"

    def line(self):
        line = self.input.readline(65536)
        if not line.endswith(b"\n"):
            raise HangUp
        return line

    def converse(self):
        self.do("GREETING", "220 mail.example.org ESMTP")
        while True:
            command = self.line().decode("latin-1").rstrip("\r\n")
            self.server.note(command)
            verb = command.split(" ", 1)[0].split(":")[0].upper()
            if verb == "EHLO":
                self.do("EHLO", "\\n".join(self.greetings()))
            elif verb == "STARTTLS":
                if self.do("STARTTLS", "220 go ahead"):
                    self.request = self.server.context.wrap_socket(self.request, server_side=True)
                    self.input = self.request.makefile("rb")
            elif verb == "AUTH":
                self.log_in(command)
            elif verb == "MAIL":
                self.readers = []
                self.do("MAIL", "250 ok")
            elif verb == "RCPT":
                if self.do("RCPT", "250 ok", command):
                    self.readers.append(command)
            elif verb == "DATA":
                if not self.readers:
                    self.say("554 no readers")
                elif self.do("DATA", "354 go on"):
                    self.message()
            elif verb == "RSET":
                self.readers = []
                self.do("RSET", "250 ok")
            elif verb == "QUIT":
                self.do("QUIT", "221 bye")
                raise HangUp
            else:
                self.say("500 what?")

    def greetings(self):
        offers = ["mail.example.org", "8BITMIME", *self.server.script.offers]
        if self.server.script.pipelining:
            offers.append("PIPELINING")
        if self.server.context and not isinstance(self.request, ssl.SSLSocket):
            offers.append("STARTTLS")
        return [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]

    def log_in(self, command):
        """Any secret will do; it is written to the log in clear, for the test to look at."""
        words = command.split(" ")
        if words[1] == "LOGIN":
            for asked in ("Username:", "Password:"):
                self.say("334 " + base64.b64encode(asked.encode()).decode())
                words.append(self.line().decode("latin-1").strip())
        for said in words[2:]:
            self.server.note(base64.b64decode(said).decode("latin-1").replace("\0", "|").replace("\1", "|"))
        self.do("AUTH", "235 welcome")

    def message(self):
        lines = []
        while True:
            lines.append(self.line())
            if len(lines) == 5:
                action = self.server.script.action("BODY")
                if action:
                    if action != "close":
                        self.say(action)
                    raise HangUp
            if lines[-1] == b".\r\n":
                break
        self.data = b"".join(line[1:] if line.startswith(b".") else line for line in lines[:-1])
        # Whoever hears that it is taken may look for it at once.
        self.do("END", "250 taken", first=self.keep)

    def keep(self):
        number = self.server.next_number()
        with open(f"{self.server.folder}/{number}.to", "w") as file:
            file.writelines(f"{reader}\n" for reader in self.readers)
        with open(f"{self.server.folder}/{number}.part", "wb") as file:
            file.write(self.data)
        os.rename(f"{self.server.folder}/{number}.part", f"{self.server.folder}/{number}.eml")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    context, implicit = None, False

    def note(self, line):
        with LOCK, open(f"{self.folder}/log", "a") as log:
            log.write(line + "\n")

    def next_number(self):
        with LOCK:
            self.count = getattr(self, "count", 0) + 1
            return self.count

    def handle_error(self, request, address):
        pass  # a handshake that the client broke off, say


def main():
    arguments = sys.argv[1:]
    server = Server(("127.0.0.1", 0), Session)
    server.folder, server.script = arguments[0], Script(sys.stdin)
    if len(arguments) > 1:
        server.implicit = arguments[1] == "--tls"
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(arguments[2], arguments[3])
    with open(f"{server.folder}/port.part", "w") as file:
        file.write(str(server.server_address[1]))
    os.rename(f"{server.folder}/port.part", f"{server.folder}/port")
    server.serve_forever()


main()

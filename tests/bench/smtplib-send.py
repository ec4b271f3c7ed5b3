"""Sends standard input so many times on one connection, as Python's smtplib does it: smtplib-send.py PORT COUNT."""

import smtplib
import sys

mail = sys.stdin.buffer.read()
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as server:
    for number in range(int(sys.argv[2])):
        server.sendmail("alice@example.org", [f"reader{number}@example.org"], mail)

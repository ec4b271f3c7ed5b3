#!/usr/bin/env python3
"""Free ports of loopback, for servers that can't tell which one they took: a line NAME=PORT for each name, to be sourced.

usage: tests/servers/ports.py NAME...

They are none of those that the kernel gives to whoever asks for any port: else one might be given to somebody else before
its server has begun. Two that look for ports at the same time begin elsewhere, as their process numbers differ.
"""

import os
import socket
import sys

EACH = 8
with open("/proc/sys/net/ipv4/ip_local_port_range") as limits:
    end = int(limits.read().split()[0])
ports = range(end // 2, end)
start = os.getpid() * EACH % len(ports)
names = sys.argv[1:]
for port in [*ports[start:], *ports[:start]]:
    if not names:
        break
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        continue
    print(f"{names.pop(0)}={port}")
if names:
    sys.exit("there is no free port")

"""How the servers here that misbehave are started and ended."""

import os
import socketserver
import sys
import threading


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def serve(talk, port_file):
    """Lets `talk` answer on loopback until standard input ends; the port is in `port_file` once somebody may connect."""
    # Lines are written one by one, and each would wait until the one before it is acknowledged.
    talk.disable_nagle_algorithm = True
    with Server(("127.0.0.1", 0), talk) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with open(port_file + ".new", "w") as written:
            written.write(str(server.server_address[1]))
        os.rename(port_file + ".new", port_file)
        sys.stdin.read()
        os._exit(0)

#!/usr/bin/env python3
"""Serves the files of a folder by HTTPS on loopback, and redirects where it is told to.

usage: https-files.py FOLDER CERTIFICATE KEY

Prints its port once it listens. A file called NAME.location has the URL that /NAME redirects to.
"""

import http.server
import pathlib
import ssl
import sys

folder = pathlib.Path(sys.argv[1])


class Files(http.server.SimpleHTTPRequestHandler):
    """Files, and redirects."""

    def __init__(self, *args):
        super().__init__(*args, directory=folder)

    def do_GET(self):
        """Answers one request."""
        target = folder / (self.path.partition("?")[0].strip("/") + ".location")
        if not target.is_file():
            super().do_GET()
            return
        self.send_response(302)
        self.send_header("Location", target.read_text().strip())
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args):
        """One line for each request: what was asked for."""
        print(self.path, file=sys.stderr, flush=True)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(sys.argv[2], sys.argv[3])
server.socket = tls.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()

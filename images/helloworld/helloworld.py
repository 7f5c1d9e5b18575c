#!/usr/bin/python3 -I
"""Answers `/hello` with its version and host name, and `/health` with a sentence, on port 5000 (IPv4 and IPv6)."""

import os
import signal
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = os.environ.get("SERVICE_VERSION", "unknown")
ANSWERS = {
    "/hello": f"Hello version: {VERSION}, instance: {socket.gethostname()}\n",
    "/health": "Helloworld is healthy\n",
}


class Handler(BaseHTTPRequestHandler):
    """Keeps connections open, as proxies in front of it expect."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one segment

    def do_GET(self):
        answer = ANSWERS.get(self.path.partition("?")[0])
        body = (answer or "not found\n").encode()
        self.send_response(404 if answer is None else 200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *arguments):
        print(form % arguments, flush=True)


class Server(ThreadingHTTPServer):
    """One socket for both families, where the kernel has both."""

    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    request_queue_size = 1024

    def server_bind(self):
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.bind(self.server_address)  # without the reverse look-up of the base class


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Server(("", 5000), Handler).serve_forever()

"""HTTP requests over one plain connection, in either version."""

from __future__ import annotations

import socket

from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded

Answer = tuple[int, str]


def http1(address: str, port: int, host: str, path: str = "/") -> Answer:
    """Status and body of a GET in HTTP/1.1."""
    with socket.create_connection((address, port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def http2(address: str, port: int, host: str) -> Answer:
    """Status and body of a GET in HTTP/2 without TLS."""
    status, body = 0, b""
    with socket.create_connection((address, port), timeout=10) as connection:
        client = H2Connection()
        client.initiate_connection()
        headers = [(":method", "GET"), (":scheme", "http"), (":authority", host), (":path", "/")]
        client.send_headers(1, headers, end_stream=True)
        while True:
            connection.sendall(client.data_to_send())
            for event in client.receive_data(connection.recv(65536)):
                if isinstance(event, ResponseReceived):
                    status = int(dict(event.headers)[b":status"])
                elif isinstance(event, DataReceived):
                    body += event.data
                elif isinstance(event, StreamEnded):
                    return status, body.decode()

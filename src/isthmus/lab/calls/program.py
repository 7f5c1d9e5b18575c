"""Calls a URL at a steady rate, each time over a new connection, and prints a line per request.

python3 program.py URL INTERVAL TIMEOUT LIFETIME

A line is: when the request began (Unix time), seconds that it took, HTTP status (0 when there was no answer), and
the body or the error as a Python string. A request that hangs does not delay the next.
The name in the URL is looked up once, so that what becomes of a request does not depend on the cluster's DNS.
Runs in containers, with any Python 3 and without this project; knows nothing of pods.
"""

import http.client
import socket
import sys
import threading
import time
from urllib.parse import SplitResult, urlsplit


def call(url: SplitResult, address: str, timeout: float) -> "tuple[int, str]":
    """Status and body of one request; status 0 and the error's words when it failed."""
    connection = http.client.HTTPConnection(address, url.port, timeout=timeout)
    try:
        connection.request("GET", url.path or "/", headers={"Host": url.netloc})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{type(error).__name__}: {error}"
    finally:
        connection.close()


def call_and_tell(url: SplitResult, address: str, timeout: float) -> None:
    """Calls once and prints the line."""
    began, clock = time.time(), time.perf_counter()
    status, text = call(url, address, timeout)
    sys.stdout.write(f"{began:.6f} {time.perf_counter() - clock:.6f} {status} {text!r}\n")
    sys.stdout.flush()


def main(url: str, interval: float, timeout: float, lifetime: float) -> None:
    """Calls every `interval` seconds for `lifetime` seconds."""
    target = urlsplit(url)
    address, begin = socket.gethostbyname(target.hostname or ""), time.perf_counter()
    for number in range(int(lifetime / interval)):
        time.sleep(max(0.0, begin + number * interval - time.perf_counter()))
        threading.Thread(target=call_and_tell, args=(target, address, timeout), daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))

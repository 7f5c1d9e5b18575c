"""The control plane under measurement, as a process of its own, and what it costs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Server:
    """A running control plane: its discovery address, and where its costs are read."""

    pid: int
    grpc: str
    http: str

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_megabytes(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def descriptors(self) -> int:
        """Open files and connections."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


@contextlib.contextmanager
def running(
    kubeconfig: Path, directory: Path, ports: tuple[int, ...], environment: Mapping[str, str] = {}
) -> Iterator[Server]:
    """Starts ``isthmus control-plane`` against an API server and yields when it is ready."""
    grpc, http = (f"127.0.0.1:{port}" for port in ports[:2])
    command = [sys.executable, "-m", "isthmus.cli.main", "control-plane", "--kubeconfig", str(kubeconfig)]
    command += ["--cluster", "cluster1", "--grpc-address", grpc, "--http-address", http]
    command += ["--secure-grpc-address", "", "--webhook-address", "", "--monitoring-address", ""]
    command += ["--log-level", "warning"]
    with (directory / "control-plane.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment})
    try:
        _await_ready(process, f"http://{http}/ready", directory / "control-plane.log")
        yield Server(process.pid, grpc, http)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


def _await_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise SystemExit(f"the control plane did not become ready:\n{log.read_text()[-4000:]}")

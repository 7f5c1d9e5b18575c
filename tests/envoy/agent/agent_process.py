"""The agent as a process, and the directory that stands for the root of its container."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus.process.http_client import Answer, Call, fetch
from isthmus.process.http_messages import HttpError


@dataclass
class AgentProcess:
    """One agent with its Envoy, in a directory that stands for the root of a proxy container."""

    root: Path
    ports: dict[str, int]
    process: asyncio.subprocess.Process

    async def get(self, port: str, target: str, method: str = "GET") -> Answer:
        return await fetch(Call("127.0.0.1", self.ports[port], target, method), 5.0)

    async def answer(self, port: str, target: str, accept: Callable[[Answer], bool]) -> Answer:
        """Asks again until the answer is accepted; the test's own time limit ends it otherwise."""
        while True:
            try:
                answer = await self.get(port, target)
                if accept(answer):
                    return answer
            except (OSError, TimeoutError, HttpError):
                assert self.process.returncode is None, f"the agent ended with {self.process.returncode}"
            await asyncio.sleep(0.02)

    async def ready(self) -> Answer:
        return await self.answer("envoy_status", "/healthz/ready", lambda answer: answer.status == 200)

    async def until_certificate(self, accept: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Waits until Envoy uses a certificate that is accepted; the leaf as its admin interface shows it."""

        def leaves(answer: Answer) -> list[dict[str, Any]]:
            return [leaf for entry in json.loads(answer.body)["certificates"] for leaf in entry.get("cert_chain", ())]

        answer = await self.answer("admin", "/certs", lambda answer: any(map(accept, leaves(answer))))
        return next(filter(accept, leaves(answer)))

    def write_token(self, token: str) -> None:
        """Rotates the token as kubelet does: a new directory behind a renamed link."""
        write_projected(self.root / "var/run/secrets/tokens", {"istio-token": token})

    def write_root(self, pem: str) -> None:
        write_projected(self.root / "var/run/secrets/istio", {"root-cert.pem": pem})


async def end(process: asyncio.subprocess.Process) -> None:
    """Ends an agent as kubelet does, and all that it started if it does not end by itself."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(10):
            await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def write_projected(directory: Path, files: dict[str, str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    version = Path(tempfile.mkdtemp(prefix="..", dir=directory))
    for name, content in files.items():
        (version / name).write_text(content)
        if not (directory / name).is_symlink():
            (directory / name).symlink_to(Path("..data") / name)
    fresh = directory / "..data_tmp"
    fresh.symlink_to(version.name)
    fresh.rename(directory / "..data")

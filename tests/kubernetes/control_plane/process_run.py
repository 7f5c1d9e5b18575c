"""A control plane as a process of its own, for what happens when it starts and ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from mesh_cluster import MeshCluster

from isthmus.lab.apiserver import ApiServer


async def run_process(
    apiserver: ApiServer,
    here: MeshCluster,
    directory: Path,
    *flags: str,
    stop_at: str = "",
    wrapper: tuple[str, ...] = (),
) -> tuple[int, str]:
    """``isthmus control-plane`` until it ends, or until it has said something and is told to stop."""
    kubeconfig = directory / "kubeconfig"
    kubeconfig.write_text(apiserver.kubeconfig)
    command = [sys.executable, "-m", "isthmus.cli.main", "control-plane", "--kubeconfig", kubeconfig.name]
    for name in ("http", "webhook", "monitoring", "secure-grpc", "grpc"):
        command += [f"--{name}-address", ""]
    process = await asyncio.create_subprocess_exec(
        *wrapper,
        *command,
        *flags,
        cwd=directory,
        env=os.environ | {"POD_NAMESPACE": here.system},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    output = ""
    async with asyncio.timeout(60):
        async for line in process.stderr:
            output += line.decode()
            if stop_at and stop_at in output:
                process.send_signal(signal.SIGTERM)
                stop_at = ""
        return await process.wait(), output

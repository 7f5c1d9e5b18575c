"""Builds programs from the pinned Go modules in `build_support/kubernetes`.

Knows `go build` and its output. Where Go comes from is `toolchain`'s business.
"""

import os
import subprocess
import time
from pathlib import Path

from isthmus.lab.binaries import toolchain
from isthmus.lab.binaries.catalog import BinaryMissingError, Program
from isthmus.lab.binaries.install import install, workspace
from isthmus.lab.report import Report
from isthmus.shipped import shipped

REPORT_SECONDS = 10.0


def build(wanted: Program, target: Path, report: Report) -> Path:
    """Builds one program and installs it at `target`. Raises BinaryMissingError with the compiler's last lines."""
    go = toolchain.go(report)
    with workspace(target) as directory:
        report(f"building {wanted.name} {wanted.version} with Go: {wanted.cost} the first time")
        binary = directory / wanted.name
        command = [str(go), "build", "-v", "-trimpath", "-o", str(binary)]
        command += ["-ldflags", " ".join(("-s", "-w", *wanted.ldflags)), wanted.package]
        _run(command, shipped("build_support/kubernetes") / wanted.module, wanted, report)
        return install(binary, target)


def _run(command: list[str], directory: Path, wanted: Program, report: Report) -> None:
    """Runs `go build -v`, counting the packages that it names on standard error."""
    # No cgo: the programs then run in any image and any mount namespace.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"}
    started = last = time.monotonic()
    lines: list[str] = []
    with subprocess.Popen(
        command, cwd=directory, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if time.monotonic() - last > REPORT_SECONDS:
                last = time.monotonic()
                report(f"building {wanted.name}: {len(lines)} packages, {last - started:.0f} s")
    if process.returncode:
        raise BinaryMissingError(f"`{' '.join(command[:2])}` of {wanted.package} failed: {''.join(lines[-8:]).strip()}")
    report(f"built {wanted.name} {wanted.version} in {time.monotonic() - started:.0f} s")

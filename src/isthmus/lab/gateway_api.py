"""The official CRDs of the Kubernetes Gateway API, from its pinned Go module, in the cache.

Knows the module's layout and `go mod download`, which checks the content against `go.sum`. Applies nothing.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from isthmus.lab.binaries import toolchain
from isthmus.lab.binaries.catalog import BinaryMissingError
from isthmus.lab.paths import cache_dir
from isthmus.lab.report import Report
from isthmus.shipped import shipped

VERSION = "v1.5.1"
_MODULE = f"sigs.k8s.io/gateway-api@{VERSION}"


def tree(report: Report) -> Path:
    """A directory with the module's `config/crd` (standard and experimental channel) and its licence.

    Raises BinaryMissingError with the cause where it cannot be obtained.
    """
    target = cache_dir() / "gateway-api" / VERSION
    if not (target / "config" / "crd" / "kustomization.yaml").is_file():
        report(f"fetching the CRDs of the Gateway API {VERSION}")
        _install(_downloaded(report), target)
    return target


def _downloaded(report: Report) -> Path:
    command = [str(toolchain.go(report)), "mod", "download", "-json", _MODULE]
    environment = {**os.environ, "GOWORK": "off", "GOFLAGS": "-mod=mod"}
    answer = subprocess.run(
        command, cwd=shipped("build_support/gateway-api"), env=environment, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        problem = (answer.stderr or answer.stdout).strip()[-400:]
        raise BinaryMissingError(f"the Gateway API's CRDs cannot be fetched from the Go module {_MODULE}: {problem}")
    return Path(json.loads(answer.stdout)["Dir"])


def _install(module: Path, target: Path) -> None:
    """By a rename, so that readers see all of it or nothing. Go's cache is read-only; the copy is not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as work:
        copy = Path(work) / "tree"
        (copy / "config").mkdir(parents=True)
        shutil.copytree(module / "config" / "crd", copy / "config" / "crd", copy_function=shutil.copyfile)
        shutil.copyfile(module / "LICENSE", copy / "LICENSE")
        for directory in [*copy.rglob("*/"), copy]:
            if directory.is_dir():
                directory.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        copy.rename(target)

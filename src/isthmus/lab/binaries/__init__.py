"""Finds the programs of a cluster, and gets those that the machine lacks.

Sources, first hit wins: `$KUBEBUILDER_ASSETS`, the cache, PATH (the pinned version only), the official download
(checksum pinned), `go build` of the pinned module.
Knows where programs live; `download` and `gobuild` know how to get them.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from isthmus.lab.binaries.catalog import PROGRAMS, BinaryMissingError, Program, program
from isthmus.lab.paths import cache_dir
from isthmus.lab.report import Report, silent

__all__ = ["BinaryMissingError", "all_names", "ensure", "find", "missing"]


def find(name: str) -> Path:
    """The path of an installed program; nothing is fetched.

    Raises BinaryMissingError where it is in none of `$KUBEBUILDER_ASSETS`, the cache and PATH.
    """
    wanted = program(name)
    path = _override(wanted) or _cached(wanted) or _on_path(wanted)
    if path is None:
        raise BinaryMissingError(f"{name} {wanted.version} is not installed: run `isthmus lab doctor --install`")
    return path


def ensure(names: Iterable[str], report: Report = silent) -> dict[str, Path]:
    """The paths of all named programs, fetched or built where missing.

    Safe against other processes doing the same: one fetches, the others wait for it and say so.
    Raises BinaryMissingError with every source that was tried.
    """
    wanted = list(dict.fromkeys(names))
    paths = {name: path for name in wanted if (path := _installed(name))}
    if len(paths) == len(wanted):
        return paths
    with _locked(report):
        for name in wanted:
            paths[name] = paths.get(name) or _installed(name) or _obtain(program(name), report)
    return {name: paths[name] for name in wanted}


def missing(names: Iterable[str]) -> tuple[Program, ...]:
    """Those of the named programs that `find` would not find."""
    return tuple(program(name) for name in names if _installed(name) is None)


def all_names() -> tuple[str, ...]:
    """Every program that a lab uses, in the order in which they are worth building."""
    return tuple(each.name for each in PROGRAMS)


def _installed(name: str) -> Path | None:
    try:
        return find(name)
    except BinaryMissingError:
        return None


def _override(wanted: Program) -> Path | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    path = Path(assets) / wanted.name if assets else None
    return path if path and os.access(path, os.X_OK) else None


def _cached(wanted: Program) -> Path | None:
    path = _home(wanted) / wanted.name
    return path if os.access(path, os.X_OK) else None


def _on_path(wanted: Program) -> Path | None:
    found = shutil.which(wanted.name)
    if found is None:
        return None
    command = [found, *wanted.version_argument.split()]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return Path(found) if wanted.version in answer.stdout else None


def _home(wanted: Program) -> Path:
    return cache_dir() / "bin" / wanted.directory


def _obtain(wanted: Program, report: Report) -> Path:
    from isthmus.lab.binaries import download, gobuild  # rarely needed, and slow to import

    problems = []
    for source in (download.fetch, gobuild.build):
        try:
            return source(wanted, _home(wanted) / wanted.name, report)
        except BinaryMissingError as problem:
            problems.append(str(problem))
    raise BinaryMissingError(f"{wanted.name} {wanted.version} cannot be obtained: " + "; ".join(problems))


@contextmanager
def _locked(report: Report) -> Iterator[None]:
    """Held while programs are fetched: two builds at once would only slow each other down."""
    home = cache_dir() / "bin"
    home.mkdir(parents=True, exist_ok=True)
    with open(home / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another process that is fetching programs")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield

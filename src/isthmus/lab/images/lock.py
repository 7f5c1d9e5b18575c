"""Which distributions an image needs, pinned as `uv.lock` pins them.

Knows the lock's format (TOML, version 1). Does no I/O.
"""

import tomllib
from collections.abc import Iterable, Iterator
from typing import Any


class LockError(ValueError):
    """A distribution that the lock does not know."""


def requirements(lock: str, roots: Iterable[str]) -> tuple[str, ...]:
    """`roots` and all that they depend on, one requirement line each with every hash that the lock allows, sorted.

    Dependencies with environment markers are always included: one that is not needed does no harm.
    """
    packages = {each["name"]: each for each in tomllib.loads(lock)["package"]}
    return tuple(_line(packages[name]) for name in sorted(_closure(packages, roots)))


def runtime(lock: str, name: str) -> tuple[str, ...]:
    """The names of the direct dependencies of distribution `name`, without extras and development groups."""
    package = next(each for each in tomllib.loads(lock)["package"] if each["name"] == name)
    return tuple(each["name"] for each in package["dependencies"])


def _closure(packages: dict[str, Any], roots: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        if name not in packages:
            raise LockError(f"uv.lock has no distribution {name}: run `uv lock`")
        seen.add(name)
        waiting.extend(each["name"] for each in packages[name].get("dependencies", ()))
    return seen


def _line(package: dict[str, Any]) -> str:
    hashes = sorted(f"--hash={each['hash']}" for each in _files(package))
    return " ".join([f"{package['name']}=={package['version']}", *hashes])


def _files(package: dict[str, Any]) -> Iterator[dict[str, str]]:
    yield from package.get("wheels", ())
    if "sdist" in package:
        yield package["sdist"]

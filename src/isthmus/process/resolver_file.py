"""``resolv.conf``: the pod's name servers and search domains. Knows the file's syntax only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ResolverFile:
    """Name servers in order of preference, and search domains in order of trial."""

    name_servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()


def parse(text: str) -> ResolverFile:
    """The last ``search`` or ``domain`` line counts, all ``nameserver`` lines do."""
    lines = [line.split("#")[0].split(";")[0].split() for line in text.splitlines()]
    servers = tuple(words[1] for words in lines if len(words) > 1 and words[0] == "nameserver")
    searches = [tuple(words[1:]) for words in lines if words and words[0] in ("search", "domain")]
    return ResolverFile(servers, searches[-1] if searches else ())


def read(path: Path = Path("/etc/resolv.conf")) -> ResolverFile:
    """The file's content; empty when there is no such file."""
    try:
        return parse(path.read_text())
    except FileNotFoundError:
        return ResolverFile()

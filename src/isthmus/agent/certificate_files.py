"""Certificates as files: those mounted in place of the authority's, and copies for the application.

Knows: the three file names of the contract. Does not know when certificates change.
"""

from __future__ import annotations

import os
from pathlib import Path

from isthmus.agent.messages.secret import KeyPair
from isthmus.agent.secret_cache import Issued
from isthmus.agent.validity import validity

CHAIN, KEY, ROOT = "cert-chain.pem", "key.pem", "root-cert.pem"
_MODES = {CHAIN: 0o644, KEY: 0o600, ROOT: 0o644}


def mounted(directory: Path) -> tuple[Path, ...] | None:
    """The three files of a directory, None when certificates are not provided there."""
    paths = (directory / CHAIN, directory / KEY, directory / ROOT)
    return paths if all(path.is_file() for path in paths) else None


def issued_from(pem: tuple[bytes, ...]) -> Issued:
    """A certificate from the contents of the three files; CertificateError when the chain is none."""
    chain, key, roots = pem
    return Issued(KeyPair(chain, key), roots, validity(chain))


def write(directory: Path, issued: Issued) -> None:
    """Writes the three files, each replaced as a whole; the key can be read by its owner only."""
    directory.mkdir(parents=True, exist_ok=True)
    contents = {CHAIN: issued.pair.chain, KEY: issued.pair.key, ROOT: issued.roots}
    for name, content in contents.items():
        fresh = directory / f".{name}.new"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODES[name])
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        fresh.rename(directory / name)

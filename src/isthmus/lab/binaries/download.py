"""Fetches official release archives and checks them against the pinned checksums.

Knows HTTP and tar. An unreachable publisher is found out within CONNECT_SECONDS and remembered for the process's life,
so that a machine without the internet goes on to building at once.
"""

import functools
import hashlib
import platform
import socket
import tarfile
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from isthmus.lab.binaries.catalog import PROGRAMS, BinaryMissingError, Program
from isthmus.lab.binaries.install import install, workspace
from isthmus.lab.report import Report

CONNECT_SECONDS = 3.0
READ_SECONDS = 30.0
CHUNK = 1 << 20


def fetch(wanted: Program, target: Path, report: Report) -> Path:
    """Downloads the program's archive and installs every catalogued program that it holds; returns `target`.

    Raises BinaryMissingError where nothing is published for this machine, the publisher does not answer,
    or the checksum differs.
    """
    archive, arch = wanted.archive, machine()
    expected = archive.checksum(arch) if archive else None
    if archive is None or expected is None:
        raise BinaryMissingError(f"no official download is pinned for {arch}")
    url = archive.url.format(arch=arch)
    if not _reachable(urlsplit(url).netloc):
        raise BinaryMissingError(f"{urlsplit(url).netloc} does not answer")
    with workspace(target) as directory:
        report(f"downloading {url}")
        path = _download(url, directory / "archive", expected)
        siblings = [each for each in PROGRAMS if each.archive and each.archive.url == archive.url]
        for each in (wanted, *(sibling for sibling in siblings if sibling.name != wanted.name)):
            _install_member(path, each, target.parent.parent)
    return target


def machine() -> str:
    """Go's name of this machine's architecture: `amd64`, `arm64`, …"""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


@functools.cache
def _reachable(netloc: str) -> bool:
    host, _, port = netloc.partition(":")
    try:
        socket.create_connection((host, int(port or 443)), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def _download(url: str, path: Path, expected: str) -> Path:
    algorithm, _, digest = expected.partition(":")
    hasher = hashlib.new(algorithm)
    try:
        with urllib.request.urlopen(url, timeout=READ_SECONDS) as answer, path.open("wb") as file:  # noqa: S310 - pinned URLs
            while chunk := answer.read(CHUNK):
                hasher.update(chunk)
                file.write(chunk)
    except OSError as problem:
        raise BinaryMissingError(f"{url}: {problem}") from problem
    if hasher.hexdigest() != digest:
        raise BinaryMissingError(
            f"{url}: {algorithm} is {hasher.hexdigest()}, pinned is {digest}; nothing was installed"
        )
    return path


def _install_member(archive: Path, wanted: Program, home: Path) -> None:
    assert wanted.archive is not None
    member = wanted.archive.member.format(arch=machine())
    with tarfile.open(archive) as tar:
        content = tar.extractfile(member)
        if content is None:
            raise BinaryMissingError(f"{archive.name} has no file {member}")
        loose = archive.with_name(wanted.name)
        with loose.open("wb") as file:
            while chunk := content.read(CHUNK):
                file.write(chunk)
    install(loose, home / wanted.directory / wanted.name)

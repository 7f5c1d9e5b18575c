"""Where programs come from: the first source that has them, whole or not at all."""

import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from isthmus.lab import binaries
from isthmus.lab.binaries import download
from isthmus.lab.binaries.catalog import PROGRAMS, Archive, BinaryMissingError, Program, program
from isthmus.lab.report import silent
from isthmus.shipped import shipped

ETCD = program("etcd")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ISTHMUS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return tmp_path / "cache"


def place(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def in_cache(cache: Path) -> Path:
    return cache / "bin" / f"etcd-{ETCD.version}" / "etcd"


def test_a_missing_program_is_named_with_the_cure() -> None:
    with pytest.raises(BinaryMissingError, match=r"etcd .* doctor --install"):
        binaries.find("etcd")


def test_kubebuilders_directory_comes_before_the_cache(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(in_cache(cache))
    assert binaries.find("etcd") == in_cache(cache)
    theirs = place(tmp_path / "assets" / "etcd")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    assert binaries.find("etcd") == theirs


def test_path_is_trusted_for_the_pinned_version_only(tmp_path: Path) -> None:
    place(tmp_path / "bin" / "etcd", "echo etcd Version: 3.4.23")
    with pytest.raises(BinaryMissingError):
        binaries.find("etcd")
    right = place(tmp_path / "bin" / "etcd", f"echo etcd Version: {ETCD.version}")
    assert binaries.find("etcd") == right


def test_what_is_there_is_not_fetched(cache: Path) -> None:
    place(in_cache(cache))
    said: list[str] = []
    assert binaries.ensure(["etcd"], said.append) == {"etcd": in_cache(cache)}
    assert said == []


def test_every_program_is_built_from_a_module_that_pins_it() -> None:
    for each in PROGRAMS:
        module = shipped("build_support/kubernetes") / each.module
        assert f" v{each.version}" in (module / "go.mod").read_text()
        assert (module / "go.sum").stat().st_size > 0


@dataclass
class Publisher:
    """A web server with one archive."""

    url: str
    content: bytes = field(repr=False)
    requests: list[str] = field(default_factory=list)

    def program(self, **changes: object) -> Program:
        digest = hashlib.sha256(self.content).hexdigest()
        archive = Archive(self.url, "release/etcd", ((download.machine(), f"sha256:{digest}"),))
        return replace(ETCD, archive=replace(archive, **changes))  # type: ignore[arg-type]


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo("release/etcd")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"etcd"))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.requests.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(made.content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Publisher(f"http://127.0.0.1:{server.server_port}/release.tar.gz", buffer.getvalue())
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def test_a_published_program_is_installed_executable(publisher: Publisher, cache: Path) -> None:
    wanted = publisher.program()
    path = download.fetch(wanted, in_cache(cache), silent)
    assert path.read_bytes() == b"etcd"
    assert path.stat().st_mode & 0o111


def test_a_wrong_checksum_installs_nothing(publisher: Publisher, cache: Path) -> None:
    wanted = publisher.program(checksums=((download.machine(), "sha256:00"),))
    with pytest.raises(BinaryMissingError, match="nothing was installed"):
        download.fetch(wanted, in_cache(cache), silent)
    assert not in_cache(cache).exists()


def test_a_machine_without_a_pinned_checksum_asks_nobody(publisher: Publisher, cache: Path) -> None:
    with pytest.raises(BinaryMissingError, match="pinned"):
        download.fetch(publisher.program(checksums=()), in_cache(cache), silent)
    assert publisher.requests == []


def test_a_publisher_that_does_not_answer_is_named(cache: Path) -> None:
    archive = Archive("http://127.0.0.1:1/etcd.tar.gz", "etcd", ((download.machine(), "sha256:00"),))
    with pytest.raises(BinaryMissingError, match=r"127\.0\.0\.1:1 does not answer"):
        download.fetch(replace(ETCD, archive=archive), in_cache(cache), silent)

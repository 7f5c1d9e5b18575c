"""A containerd store with all images in it, from which nodes start: `cp` instead of a pull.

Knows containerd's directories and `ctr`. Does not know how images are built.
"""

import contextlib
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO

from isthmus.lab.images import oci, store
from isthmus.lab.images.command import ImageError, run
from isthmus.lab.images.oci import Blob, Image
from isthmus.lab.report import Report

NAMESPACE = "k8s.io"
"""containerd's namespace of what kubelet sees."""

_KEPT = 2
_START_SECONDS = 20.0
_POLL_SECONDS = 0.02
_CONFIG = """version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "{state}/containerd.sock"
[plugins."io.containerd.gc.v1.scheduler"]
  startup_delay = "24h"
  mutation_threshold = 0
"""
"""No collection on its own: it may take a layer away between the moment when an import finds it there and its use."""


def ensure(images: Sequence[Image], layers: Sequence[store.Layer], report: Report) -> Path:
    """The root directory of a containerd that has exactly these images, unpacked; made from the newest such directory.

    Nobody may start a containerd on it: `clone` it. Call it under `store.locked`. Raises ImageError.
    """
    home = store.root() / "templates"
    home.mkdir(parents=True, exist_ok=True)
    wanted = home / store.key(run(("containerd", "--version")), *sorted(_identity(image) for image in images))
    if not wanted.exists():
        with tempfile.TemporaryDirectory(dir=home, prefix=".new-") as work:
            _make(Path(work), _newest(home), images, layers, report)
            (Path(work) / "template").rename(wanted)
    wanted.touch()
    _prune(home)
    return wanted


def clone(template: Path, target: Path) -> None:
    """Copies a template to `target`, which must not exist: data as hard links, databases as copies.

    Sharing is safe: containerd never writes to a blob or an unpacked layer again, it only removes them.
    Both must lie on one file system.
    """
    run(("cp", "--archive", "--link", "--no-target-directory", template, target))
    for database in target.glob("*/*.db"):
        copy = database.with_suffix(".copy")
        shutil.copy2(database, copy)
        copy.replace(database)


def _identity(image: Image) -> str:
    return f"{image.reference} {oci.blob_of(image.manifest()).digest}"


def _newest(home: Path) -> Path | None:
    return max(_templates(home), key=lambda path: path.stat().st_mtime, default=None)


def _templates(home: Path) -> list[Path]:
    return [path for path in home.iterdir() if not path.name.startswith(".")]


def _prune(home: Path) -> None:
    by_use = sorted(_templates(home), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in by_use[_KEPT:]:
        shutil.rmtree(path)


def _make(
    work: Path, newest: Path | None, images: Sequence[Image], layers: Sequence[store.Layer], report: Report
) -> None:
    target = work / "template"
    if newest is None:
        target.mkdir(mode=0o711)
    else:
        clone(newest, target)
    report(f"importing {len(images)} images into containerd")
    with _containerd(target, work) as socket:
        load(socket, target, images, layers)
        _forget_others(socket, images)


def load(socket: Path, root: Path, images: Sequence[Image], layers: Sequence[store.Layer]) -> None:
    """Imports images into the running containerd at `socket`, sending only the layers that its store `root` lacks."""
    there = root / "io.containerd.content.v1.content" / "blobs" / "sha256"
    missing = {layer.blob.digest: layer for layer in layers if not (there / layer.blob.digest).exists()}
    command = ("ctr", "--address", str(socket), "--namespace", NAMESPACE, "images", "import", "-")
    with tempfile.TemporaryFile() as output:
        importer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output)
        assert importer.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the importer's own message says why it stopped reading
            _write_archive(importer.stdin, images, missing.values())
        importer.stdin = None
        if importer.wait() != 0:
            output.seek(0)
            raise ImageError(f"containerd refused the images: {output.read().decode(errors='replace').strip()}")


def _write_archive(file: IO[bytes], images: Sequence[Image], layers: Iterable[store.Layer]) -> None:
    with file, tarfile.open(fileobj=file, mode="w|", bufsize=1 << 20) as archive:
        _add(archive, "oci-layout", oci.LAYOUT)
        _add(archive, "index.json", oci.index(tuple(images)))
        for content in {content for image in images for content in (image.config(), image.manifest())}:
            _add(archive, _blob_name(oci.blob_of(content)), content)
        for layer in layers:
            entry = tarfile.TarInfo(_blob_name(layer.blob))
            entry.size = layer.blob.size
            with layer.tar.open("rb") as source:
                archive.addfile(entry, source)


def _blob_name(blob: Blob) -> str:
    return f"blobs/sha256/{blob.digest}"


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, BytesIO(content))


def _forget_others(socket: Path, images: Sequence[Image]) -> None:
    """Removes images that are no longer wanted, and has containerd collect what only they and older builds used."""
    ctr = ("ctr", "--address", socket, "--namespace", NAMESPACE)
    command = (*ctr, "images")
    listed = run((*command, "list", "--quiet")).split()
    known = {image.reference for image in images}
    if others := [name for name in listed if name not in known]:
        run((*command, "remove", *others))
    run((*ctr, "leases", "create", "--id", "collection"))
    run((*ctr, "leases", "delete", "--sync", "collection"))


@contextlib.contextmanager
def _containerd(root: Path, work: Path) -> Iterator[Path]:
    """A containerd on `root`, without CRI, for as long as the block lasts; yields its socket."""
    state = work / "state"
    state.mkdir()
    (work / "config.toml").write_text(_CONFIG.format(root=root, state=state))
    socket, log = state / "containerd.sock", work / "log"
    with log.open("wb") as output:
        daemon = subprocess.Popen(
            ("containerd", "--config", str(work / "config.toml")),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _await(daemon, socket, log)
        yield socket
    finally:
        daemon.terminate()
        daemon.wait()


def _await(daemon: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    command = ("ctr", "--address", str(socket), "version")
    while not socket.exists() or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        if daemon.poll() is not None or time.monotonic() > deadline:
            raise ImageError(f"containerd did not start: {log.read_text(errors='replace').strip()[-1500:]}")
        time.sleep(_POLL_SECONDS)

"""The build contexts: which files each image is made of, and how each of them comes to be.

Knows uv, the C compiler, the lab's programs and this project's own files. Does not know what a Containerfile does.
"""

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib.metadata import distribution
from pathlib import Path

from isthmus.lab import binaries
from isthmus.lab.images import lock, sources
from isthmus.lab.images.build import Ingredient
from isthmus.lab.images.command import ImageError, run
from isthmus.lab.uv import find_uv
from isthmus.shipped import PACKAGE, shipped

PYTHON = "3.11"
"""Python's version in the images (that of Debian bookworm), whatever runs this program."""

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def architecture() -> str:
    """The machine's architecture as OCI spells it; ImageError where there is no Envoy for it."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise ImageError(f"no images can be built for {machine}; known are {', '.join(_ARCHITECTURES)}")
    return _ARCHITECTURES[machine]


def names(image: str) -> tuple[str, ...]:
    """The names of what the build context of `images/IMAGE` holds."""
    return (*_beside(shipped("images") / image), *_MADE.get(image, {}))


def ingredients(image: str) -> Mapping[str, Ingredient]:
    """What the build context of `images/IMAGE` holds: the files beside its Containerfile, and what is made for it."""
    directory = shipped("images") / image
    found = {name: _file(directory / name) for name in _beside(directory)}
    return found | {name: make(directory) for name, make in _MADE.get(image, {}).items()}


def _beside(directory: Path) -> tuple[str, ...]:
    return tuple(path.name for path in directory.iterdir() if path.name != "Containerfile")


def _file(path: Path) -> Ingredient:
    def write(target: Path) -> None:
        if path.is_dir():
            shutil.copytree(path, target, symlinks=True)
        else:
            shutil.copy(path, target)

    return Ingredient(sources.fingerprint(path.parent, sources.below(path)), write)


def _program(path: Path) -> Ingredient:
    def write(target: Path) -> None:
        shutil.copy(path, target)
        target.chmod(0o755)

    return Ingredient(sources.stamp(path), write)


def _dependencies(directory: Path) -> Ingredient:
    """The locked wheels that the file `requirements.in` names, or all of the project where there is no such file."""
    locked = shipped("uv.lock").read_text()
    listed = directory / "requirements.in"
    roots = _listed(listed) if listed.exists() else lock.runtime(locked, "isthmus")
    requirements = "\n".join(lock.requirements(locked, roots))
    target_platform = f"{platform.machine()}-manylinux_2_28"

    def write(target: Path) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(requirements)
            file.flush()
            how = ("--no-deps", "--require-hashes", "--only-binary=:all:", "--link-mode=copy", "--quiet")
            what = (f"--python-version={PYTHON}", f"--python-platform={target_platform}", f"--python={sys.executable}")
            run((uv(), "pip", "install", *how, *what, f"--target={target}", f"--requirement={file.name}"))
        for leftover in (target / "bin", target / ".lock"):  # scripts name this machine's Python
            run(("rm", "-rf", "--", leftover))

    return Ingredient("\n".join((requirements, PYTHON, target_platform)), write)


def _listed(file: Path) -> tuple[str, ...]:
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return tuple(line for line in lines if line)


def uv() -> Path:
    """The program uv. Raises ImageError where there is none."""
    if (found := find_uv()) is None:
        raise ImageError("uv is not installed; it fetches the dependencies of the images. Cure: `make setup`")
    return found


def _package(_directory: Path) -> Ingredient:
    """The package itself with its metadata, as an installer would lay it out; the lab stays outside."""
    files, charts = sources.package_files(), shipped("charts")
    metadata = tuple(
        (name, text) for name in ("METADATA", "entry_points.txt") if (text := distribution("isthmus").read_text(name))
    )
    info = f"isthmus-{distribution('isthmus').version}.dist-info"

    def write(target: Path) -> None:
        for file in files:
            place = target / "isthmus" / file.relative_to(PACKAGE)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
        for name, text in metadata:
            (target / info).mkdir(exist_ok=True)
            (target / info / name).write_text(text)
        installed = target / "isthmus" / "_data" / "charts"
        if not installed.exists():
            shutil.copytree(charts, installed)

    code = sources.fingerprint(PACKAGE, files)
    return Ingredient(f"{code} {sources.fingerprint(charts, sources.below(charts))} {metadata}", write)


def _compiled(directory: Path) -> Ingredient:
    """A program that runs without anything else, from all C files of a directory."""
    files = tuple(sorted(path for path in directory.iterdir() if path.suffix in (".c", ".h")))

    def write(target: Path) -> None:
        compile_program(directory, target)

    return Ingredient(sources.fingerprint(directory, files), write)


def compile_program(directory: Path, target: Path) -> None:
    """Compiles the C files of a directory into one static program. Raises ImageError where there is no compiler."""
    compiler = _tool("gcc", "gcc and libc6-dev")
    files = sorted(path for path in directory.iterdir() if path.suffix == ".c")
    run((compiler, "-static", "-Os", "-s", "-Wall", "-Wextra", "-Werror", "-o", target, *files))


def _busybox(_directory: Path) -> Ingredient:
    return _program(_tool("busybox", "busybox-static"))


def _links(_directory: Path) -> Ingredient:
    busybox = _tool("busybox", "busybox-static")

    def write(target: Path) -> None:
        target.mkdir()
        for applet in run((busybox, "--list")).split():
            (target / applet).symlink_to("../usr/bin/busybox")

    return Ingredient(sources.stamp(busybox), write)


def _tool(name: str, package: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise ImageError(f"{name} is not installed. Cure: apt-get install {package}")
    return Path(found)


_MADE: Mapping[str, Mapping[str, Callable[[Path], Ingredient]]] = {
    "busybox": {"busybox": _busybox, "links": _links},
    "coredns": {"coredns": lambda _directory: _program(binaries.find("coredns"))},
    "install-cni": {
        "dependencies": _dependencies,
        "istio-cni": lambda directory: _compiled(directory / "plugin"),
        "package": _package,
    },
    "pause": {"pause": _compiled},
    "pilot": {"dependencies": _dependencies, "package": _package},
    "proxyv2": {
        "dependencies": _dependencies,
        "envoy": lambda _directory: _program(sources.envoy()),
        "package": _package,
    },
}
"""What is made for the context of an image, by its name there; each is given the image's directory."""

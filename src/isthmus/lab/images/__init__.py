"""The images of a lab, built offline from one Containerfile each (`images/`) and laid out for containerd.

Knows which images there are and the order of work; each step is a module of its own. Does not know clusters or nodes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from isthmus.lab.images import base, catalog, containerfile, contexts, store, template
from isthmus.lab.images.build import Context, build
from isthmus.lab.images.catalog import COREDNS, DEBIAN_PACKAGES, PAUSE
from isthmus.lab.images.command import ImageError
from isthmus.lab.images.oci import Image
from isthmus.lab.images.template import clone
from isthmus.lab.report import Report, silent
from isthmus.shipped import shipped

__all__ = ["COREDNS", "DEBIAN_PACKAGES", "PAUSE", "ImageError", "build_all", "clone", "ensure_template", "load_into"]


def ensure_template(report: Report = silent) -> Path:
    """A containerd root directory that holds every image of a lab, unpacked for the overlayfs snapshotter.

    Nodes start from a `clone` of it. Only what changed since the last call is built: after a change of this
    project's code the topmost layers of two images. Needs root.
    Raises ImageError, or BinaryMissingError when CoreDNS was not fetched before.
    """
    with store.locked(report):
        built = build_all(report)
        directory = template.ensure(tuple(built), _layers(built), report)
        store.prune(frozenset(layer.key for each in built.values() for layer in each))
        return directory


def load_into(nodes: Sequence[tuple[Path, Path]], report: Report = silent) -> None:
    """Imports what changed into running nodes, each given as its containerd's socket and root directory.

    Pods that run keep what they started from. Raises what `ensure_template` raises.
    """
    with store.locked(report):
        built = build_all(report)
        for socket, root in nodes:
            report(f"loading images through {socket}")
            template.load(socket, root, tuple(built), _layers(built))


def _layers(built: Mapping[Image, tuple[store.Layer, ...]]) -> tuple[store.Layer, ...]:
    """All layers, each once."""
    return tuple({layer.blob.digest: layer for each in built.values() for layer in each}.values())


def build_all(report: Report = silent) -> Mapping[Image, tuple[store.Layer, ...]]:
    """Every image of the catalog with its layers, the lowest first; call it under `store.locked`."""
    bases = {base.REFERENCE: (base.layer(shipped("images") / "base" / "packages", report),)}
    return dict(_build(recipe, bases, report) for recipe in catalog.RECIPES)


def _build(
    recipe: catalog.Recipe, bases: Mapping[str, tuple[store.Layer, ...]], report: Report
) -> tuple[Image, tuple[store.Layer, ...]]:
    file = shipped("images") / recipe.directory / "Containerfile"
    name = recipe.reference.rpartition("/")[2]

    def tell(line: str) -> None:
        report(f"image {name}: {line}")

    instructions = containerfile.parse(f"images/{recipe.directory}/Containerfile", file.read_text())
    context = Context(contexts.ingredients(recipe.directory), dict(recipe.arguments), bases)
    runtime, layers = build(instructions, context, tell)
    blobs = tuple(layer.blob for layer in layers)
    return Image(recipe.reference, contexts.architecture(), runtime, blobs), layers

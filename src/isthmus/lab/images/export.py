"""Writes the build contexts as directories, for builders other than this one (`docker build`, `buildah bud`).

Knows what a context directory looks like. Needs no root.
"""

import shutil
from pathlib import Path

from isthmus.lab.images import contexts
from isthmus.lab.images.command import ImageError
from isthmus.lab.report import Report, silent
from isthmus.shipped import shipped

PRODUCTION = ("base", "pilot", "proxyv2")
"""The images that a cluster with a registry needs; the others have originals upstream."""


def write_contexts(directory: Path, report: Report = silent) -> None:
    """Writes one directory per production image below `directory`, each with its Containerfile.

    Raises ImageError where one is there already: mixing two contexts would be silent and wrong.
    """
    for image in PRODUCTION:
        target = directory / image
        if target.exists():
            raise ImageError(f"{target} exists: remove it or name another directory")
        target.mkdir(parents=True)
        report(f"writing {target}")
        shutil.copy(shipped("images") / image / "Containerfile", target)
        for name, ingredient in contexts.ingredients(image).items():
            ingredient.write(target / name)

"""Walks through a part of a guide in a lab's shell, in a directory of its own, and stores how it went.

Knows the order of work. Does not bring up labs.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isthmus.lab import gateway_api
from isthmus.lab.guides import workspace
from isthmus.lab.guides.model import Guide, GuideError, Step
from isthmus.lab.guides.results import Results
from isthmus.lab.guides.runner import Failure, run
from isthmus.lab.guides.shell import Echo, Shell

SAVED = ".environment"
"""The file that holds what a guide's shell exported, in the guide's directory."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which steps of a guide are run: the names of the first and of the last, or of the one before which to stop."""

    first: str = ""
    until: str = ""
    before: str = ""

    def steps(self, guide: Guide) -> tuple[Step, ...]:
        """The steps. Raises GuideError for an unknown name, or where nothing is left to run."""
        start = guide.position(self.first) if self.first else 0
        end = guide.position(self.until) + 1 if self.until else len(guide.steps)
        if self.before:
            end = min(end, guide.position(self.before))
        if start >= end:
            raise GuideError(f"guide {guide.name}: there is no step from {guide.steps[start].name} to that end")
        return guide.steps[start:end]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a guide is run: a directory for its files, one for results, and the command that prepares the shell."""

    files: Path
    results: Path
    prepare: str


def walk(guide: Guide, steps: tuple[Step, ...], place: Place, echo: Echo) -> Failure | None:
    """Runs `steps`; those that do not begin the guide go on with the files and the environment of the run before."""
    fresh = steps[0] == guide.steps[0]
    workspace.prepare(place.files, fresh=fresh)
    if any(workspace.GATEWAY_API in step.run for step in steps):
        workspace.link_gateway_api(place.files, gateway_api.tree(echo))
    results, saved = Results(place.results, guide), place.files / SAVED
    with Shell(place.files, environment()) as shell:
        if saved.exists():
            shell.restore(saved)
        prepared = shell.run(place.prepare, echo)
        if prepared.status != 0:
            return Failure("lab env", "a running lab (`isthmus lab up`, or --up)", prepared.output)
        results.begin(guide.steps[guide.position(steps[0].name) :])

        def ended(step: Step, seconds: float, failure: Failure | None) -> None:
            results.ended(step, seconds, failure)
            if failure is None:
                shell.save(saved)

        return run(guide, steps, shell, echo, ended)


def environment() -> Mapping[str, str]:
    """This process's environment with the commands of this installation first on its PATH."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"}

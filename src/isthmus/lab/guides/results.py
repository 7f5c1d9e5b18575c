"""How guides went the last time: one JSON file per guide, step by step, and what follows for a row.

Knows files and times. Runs nothing.
"""

import datetime
import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from isthmus.lab.guides.model import Guide, Step
from isthmus.lab.guides.runner import Failure

_SHOWN = 300


class StepResult(msgspec.Struct, frozen=True):
    """How one step went. `text` is a digest of the step, so that a step that was changed since counts as not run."""

    text: str
    when: datetime.datetime
    seconds: float
    expected: str = ""
    """What was expected and not seen; empty when the step passed."""


class State(msgspec.Struct, frozen=True):
    """What is known of some steps: `state` is passed, failed, incomplete, never run or missing."""

    state: str
    step: str = ""
    """The step that failed, or the first that is lacking."""
    expected: str = ""
    when: datetime.datetime | None = None
    seconds: float = 0.0


MISSING = State("missing")
"""Of a row that no guide carries out."""


class Results:
    """The results of one guide in a directory; each is stored when it is told."""

    def __init__(self, directory: Path, guide: Guide) -> None:
        self._path = directory / f"{guide.name}.json"
        self._steps: dict[str, StepResult] = _read(self._path)

    def begin(self, steps: Sequence[Step]) -> None:
        """Forgets what is known of steps that are about to be run, or are no longer true when they are."""
        for step in steps:
            self._steps.pop(step.name, None)
        self._store()

    def ended(self, step: Step, seconds: float, failure: Failure | None) -> None:
        """Stores how a step went."""
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        expected = failure.expected[:_SHOWN] if failure else ""
        self._steps[step.name] = StepResult(_digest(step), now, round(seconds, 2), expected)
        self._store()

    def state(self, steps: Sequence[Step]) -> State:
        """What is known of these steps together."""
        known = [self._steps[step.name] for step in steps if step.name in self._steps]
        if not known:
            return State("never run")
        when, seconds = max(each.when for each in known), sum(each.seconds for each in known)
        for step in steps:
            result = self._steps.get(step.name)
            if result is None or result.text != _digest(step):
                return State("incomplete", step.name, when=when, seconds=seconds)
            if result.expected:
                return State("failed", step.name, result.expected, when, seconds)
        return State("passed", when=when, seconds=seconds)

    def _store(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".new")
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(self._steps)))
        partial.replace(self._path)


def _read(path: Path) -> dict[str, StepResult]:
    """What is stored; nothing where the file is not there, or was written by a version that stored something else."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, StepResult])
    except (FileNotFoundError, msgspec.MsgspecError):
        return {}


def _digest(step: Step) -> str:
    return hashlib.sha256(msgspec.json.encode(step)).hexdigest()[:16]

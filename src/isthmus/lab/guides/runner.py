"""Carries out a guide: shows each command, runs it, and compares what is seen with what must be seen.

Knows the order of work and how a disagreement is told. The shell and the format are modules of their own.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat

from isthmus.lab.guides.model import Check, Guide, Step
from isthmus.lab.guides.shell import Echo, Outcome, Shell

_CHECK_SECONDS = 120.0
_PAUSE_SECONDS = 0.2
_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a guide stopped: the step, what was expected, what was seen instead, and what may explain it."""

    step: str
    expected: str
    seen: str
    explanation: str = ""

    def __str__(self) -> str:
        text = f"step {self.step}\n  expected: {self.expected}\n  seen: {self.seen.strip()[-_SHOWN:]}"
        return f"{text}\n  to explain it:\n{self.explanation.strip()}" if self.explanation else text


Ended = Callable[[Step, float, Failure | None], None]
"""Called after each step with the seconds that it took and how it failed, if it did."""


def run(guide: Guide, steps: Sequence[Step], shell: Shell, echo: Echo, ended: Ended | None = None) -> Failure | None:
    """Runs `steps`, a part of `guide`; stops at the first that does not give what it must. None when all did."""
    for step in steps:
        echo(f"\n[{guide.position(step.name) + 1}/{len(guide.steps)}] {step.name}: {step.says}")
        began = time.monotonic()
        failure = _step(step, shell, echo)
        if ended is not None:
            ended(step, time.monotonic() - began, failure)
        if failure is not None:
            return failure
    return None


def _step(step: Step, shell: Shell, echo: Echo) -> Failure | None:
    if step.wait:
        waited = shell.run(step.wait, _nothing, seconds=step.seconds)
        if waited.status != 0:
            return Failure(step.name, f"`{step.wait}` to succeed within {step.seconds:.0f} s", _ending(waited))
    for prompt, line in zip(chain("$", repeat(">")), step.run.rstrip().splitlines(), strict=False):
        echo(f"{prompt} {line}")
    outcome = shell.run(step.run, echo, step.answer, step.seconds)
    if outcome.status != 0:
        return Failure(step.name, "the command to succeed", _ending(outcome))
    for check in step.see:
        failure = _check(step, check, outcome, shell)
        if failure is not None:
            return failure
        echo(f"✔ {check.says}")
    if not step.see:
        echo("✔ done")
    return None


def _check(step: Step, check: Check, outcome: Outcome, shell: Shell) -> Failure | None:
    if not check.run:
        return _compare(step, check, outcome)
    deadline = time.monotonic() + check.within
    while True:
        failure = _compare(step, check, shell.run(check.run, _nothing, seconds=_CHECK_SECONDS))
        if failure is None:
            return None
        if time.monotonic() > deadline:
            return _explained(failure, check, shell)
        time.sleep(_PAUSE_SECONDS)


def _explained(failure: Failure, check: Check, shell: Shell) -> Failure:
    if not check.explain:
        return failure
    return replace(failure, explanation=shell.run(check.explain, _nothing, seconds=_CHECK_SECONDS).output)


def _compare(step: Step, check: Check, outcome: Outcome) -> Failure | None:
    if outcome.status != 0:
        return Failure(step.name, f"{check.says} (`{check.run.strip()}`)", _ending(outcome))
    reason = disagreement(check, outcome.output)
    return Failure(step.name, f"{check.says}: {reason}", outcome.output) if reason else None


def disagreement(check: Check, output: str) -> str:
    """What of a check the output does not fulfil; empty when it does."""
    for expression in check.output:
        if not re.search(expression, output, re.MULTILINE):
            return f"a match of {expression!r}"
    for expression in check.absent:
        if re.search(expression, output, re.MULTILINE):
            return f"no match of {expression!r}"
    if check.times is not None and check.output:
        found = len(re.findall(check.output[0], output, re.MULTILINE))
        if found != check.times:
            return f"{check.times} matches of {check.output[0]!r}, not {found}"
    return ""


def _ending(outcome: Outcome) -> str:
    how = "it did not end in time" if outcome.status is None else f"status {outcome.status}"
    return f"{how}\n{outcome.output}"


def _nothing(_line: str) -> None:
    """For commands whose output is not part of the guide."""

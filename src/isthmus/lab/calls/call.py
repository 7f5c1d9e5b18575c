"""One request and its fate, and what may be said of many. Pure.

Knows the lines of `program` and the sentence that helloworld answers.
"""

import ast
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

_VERSION = re.compile(r"^Hello version: (\S+), instance: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    began: float
    """Unix time."""
    seconds: float
    status: int
    """Of HTTP; 0 when there was no answer."""
    text: str
    """The body, or what went wrong."""

    @property
    def ended(self) -> float:
        """When the answer was complete, or given up; Unix time."""
        return self.began + self.seconds

    @property
    def failed(self) -> bool:
        """Whether it got anything but a 200."""
        return self.status != 200

    @property
    def version(self) -> str:
        """The version of helloworld that answered; empty when none did."""
        found = _VERSION.search(self.text)
        return found[1] if found else ""

    @property
    def instance(self) -> str:
        """The pod that answered; empty when none did."""
        found = _VERSION.search(self.text)
        return found[2] if found else ""


def parse(output: str) -> tuple[Call, ...]:
    """The calls that the program told of, in the order in which they began; a half-written last line is left out."""
    lines = output.splitlines() if output.endswith("\n") else output.splitlines()[:-1]
    return tuple(sorted((_call(line) for line in lines), key=lambda each: each.began))


def _call(line: str) -> Call:
    began, seconds, status, text = line.split(" ", 3)
    return Call(float(began), float(seconds), int(status), str(ast.literal_eval(text)))


def failures(calls: Iterable[Call]) -> tuple[Call, ...]:
    """Those that failed."""
    return tuple(call for call in calls if call.failed)


def longest_silence(calls: Iterable[Call], version: str) -> float:
    """The longest time, in seconds, between two answers of a version, counted over the whole time of the calls.

    Infinite when it never answered.
    """
    known = tuple(calls)
    answers = sorted(call.ended for call in known if call.version == version)
    if not answers:
        return float("inf")
    moments = [known[0].began, *answers, max(call.ended for call in known)]
    return max(later - earlier for earlier, later in itertools.pairwise(moments))

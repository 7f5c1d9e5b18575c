"""How a step of the demonstration fails: which one, why, and what to do.

Knows errors and words. Does not know the steps.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from isthmus.kube.errors import KubeError


class DemoError(RuntimeError):
    """A step that did not succeed; the text names the step, the reason and the cure."""

    def __init__(self, step: str, reason: str, cure: str) -> None:
        super().__init__(f"{step}: {reason}\ncure: {cure}")


@contextmanager
def explained(step: str, cure: str) -> Iterator[None]:
    """Turns faults of a cluster inside the block into a DemoError with the step's name and the cure."""
    try:
        yield
    except KubeError as problem:
        raise DemoError(step, str(problem), cure) from problem

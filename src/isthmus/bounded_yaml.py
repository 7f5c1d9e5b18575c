"""YAML of others, looked at before anything is built from it.

The C loader recurses without a check: some ten thousand nested lists end the process, no exception is raised. A few
aliases of aliases stand for more values than there is memory. Events come one by one and cost neither.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

DEEPEST: Final = 200
MOST_VALUES: Final = 1_000_000

_Parser: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class ExcessiveYamlError(yaml.MarkedYAMLError):
    """The text is nested too deeply, or stands for too many values."""


def check(text: str | bytes) -> None:
    """``yaml.YAMLError`` when the text is not YAML, or one that must not be loaded; names line and column."""
    sizes = _Sizes()
    for event in yaml.parse(text, Loader=_Parser):
        problem = sizes.take(event)
        if problem:
            mark: Any = event.start_mark
            raise ExcessiveYamlError(problem=problem, problem_mark=mark)


class _Sizes:
    """How many values stand under each node that is open, and under each anchor that is complete."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, int]] = []  # anchor, and values before it
        self._anchors: dict[str, int] = {}
        self._values = 0

    def take(self, event: Any) -> str:
        """What is wrong, if anything."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._anchors.clear()
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor in (anchor for anchor, _ in self._open):
                return f"alias {event.anchor} stands inside itself"
            self._values += self._anchors.get(str(event.anchor), 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open.append((event.anchor, self._values))
            self._values += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self._open.pop()
            self._note(anchor, before)
        elif isinstance(event, yaml.ScalarEvent):
            self._values += 1
            self._note(event.anchor, self._values - 1)
        if len(self._open) > DEEPEST:
            return f"nested more than {DEEPEST} levels deep"
        return f"stands for more than {MOST_VALUES} values" if self._values > MOST_VALUES else ""

    def _note(self, anchor: str | None, before: int) -> None:
        if anchor:
            self._anchors[anchor] = self._values - before

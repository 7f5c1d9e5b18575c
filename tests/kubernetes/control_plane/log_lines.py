"""Log lines as a user searches them: by words of the line and by the object's name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

SECONDS = 30.0


class LogLines:
    """All lines so far, each a mapping; a structlog processor."""

    def __init__(self) -> None:
        self._lines: list[Any] = []
        self._new = asyncio.Event()

    def __call__(self, _logger: Any, method: str, line: Any) -> Any:
        """Takes a line, and lets pytest show it for a test that fails."""
        print(method, line)
        self._lines.append(dict(line))
        self._new.set()
        raise structlog.DropEvent

    def find(self, *words: str, **fields: object) -> list[Any]:
        """The lines that hold all words somewhere and have these fields."""
        return [
            line for line in self._lines if all(word in str(line) for word in words) and fields.items() <= line.items()
        ]

    async def until(self, *words: str, **fields: object) -> None:
        """Waits for such a line."""
        await self.until_more(*words, than=0, **fields)

    async def until_more(self, *words: str, than: int, **fields: object) -> None:
        """Waits for more of such lines than so many."""
        try:
            async with asyncio.timeout(SECONDS):
                while len(self.find(*words, **fields)) <= than:
                    self._new.clear()
                    await self._new.wait()
        except TimeoutError:
            raise AssertionError(f"no line with {words} {fields}") from None


@contextmanager
def captured() -> Iterator[LogLines]:
    """Lines of all loggers, until the end."""
    before = structlog.get_config()["processors"]
    lines = LogLines()
    structlog.configure(processors=[lines])
    try:
        yield lines
    finally:
        structlog.configure(processors=before)

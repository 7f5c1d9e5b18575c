"""Pages of docs/guides whose commands are those of a walkthrough.

A page names its walkthrough in `<!-- guide NAME -->`. Between `<!-- steps FIRST..LAST -->` and `<!-- end -->` stands
what the walkthrough's steps say and run, and what must be seen; the prose around is written by hand.
"""

import re
from collections.abc import Iterator

from isthmus.lab.guides.model import Guide, Step

_GUIDE = re.compile(r"^<!-- guide (\S+) -->$", re.MULTILINE)
_STEPS = re.compile(r"^<!-- steps (\S+?)(?:\.\.(\S+))? -->\n(.*?)^<!-- end -->$", re.MULTILINE | re.DOTALL)


def guide_of(page: str) -> str:
    """The walkthrough that a page shows; empty for a page of none."""
    found = _GUIDE.search(page)
    return found[1] if found else ""


def shown(page: str, guide: Guide) -> list[str]:
    """The names of the steps that a page shows, in its order."""
    return [step.name for match in _STEPS.finditer(page) for step in _range(guide, match)]


def filled(page: str, guide: Guide) -> str:
    """The page with what the walkthrough says now."""
    return _STEPS.sub(lambda match: _section(match, guide), page)


def _range(guide: Guide, match: re.Match[str]) -> tuple[Step, ...]:
    first, last = guide.position(match[1]), guide.position(match[2] or match[1])
    return guide.steps[first : last + 1]


def _section(match: re.Match[str], guide: Guide) -> str:
    named = match[1] + (f"..{match[2]}" if match[2] else "")
    steps = "\n".join(line for step in _range(guide, match) for line in _lines(step))
    return f"<!-- steps {named} -->\n{steps}\n<!-- end -->"


def _lines(step: Step) -> Iterator[str]:
    yield f"{step.says.rstrip('.')}:"
    yield ""
    if step.wait:
        yield from _block(step.wait)
        yield "and when that has come true:"
        yield ""
    yield from _block(step.run)
    if step.answer:
        typed = ", ".join(f"`{line}`" for line in step.answer.split("\n") if line)
        yield f"Answer {typed} when it asks." if typed else "Press return when it asks."
        yield ""
    if step.see:
        yield "What to see:"
        yield from (f"- {check.says.rstrip('.')}." for check in step.see)
        yield ""


def _block(command: str) -> Iterator[str]:
    yield "```bash"
    yield from command.rstrip().splitlines()
    yield "```"
    yield ""

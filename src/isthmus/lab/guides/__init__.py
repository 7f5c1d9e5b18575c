"""Guides as data: a printed walkthrough beside what must be seen at each step, a runner for it, and how it went.

Knows shells and what a guide looks like. Knows neither the mesh nor how a lab is made.
"""

from isthmus.lab.guides.model import Check, Guide, GuideError, Step, load, names
from isthmus.lab.guides.results import MISSING, Results, State
from isthmus.lab.guides.rows import ROWS, Row, all_rows
from isthmus.lab.guides.runner import Failure, run
from isthmus.lab.guides.shell import Shell
from isthmus.lab.guides.walk import SAVED, Part, Place, environment, walk

__all__ = [
    "MISSING",
    "ROWS",
    "SAVED",
    "Check",
    "Failure",
    "Guide",
    "GuideError",
    "Part",
    "Place",
    "Results",
    "Row",
    "Shell",
    "State",
    "Step",
    "all_rows",
    "environment",
    "load",
    "names",
    "run",
    "walk",
]

"""Guides as data: a printed walkthrough beside what must be seen at each step, and a runner for it.

Knows shells and what a guide looks like. Knows neither the mesh nor how a lab is made.
"""

from isthmus.lab.guides.model import Check, Guide, GuideError, Step, load, names
from isthmus.lab.guides.runner import Failure, run
from isthmus.lab.guides.shell import Shell

__all__ = ["Check", "Failure", "Guide", "GuideError", "Shell", "Step", "load", "names", "run"]

"""A steady stream of requests from inside a pod, and what became of each: how one sees what a fault costs.

`program` runs in the pod, `call` is one request, `caller` starts the program and fetches its lines.
"""

from isthmus.lab.calls.call import Call, failures, longest_silence, parse
from isthmus.lab.calls.caller import Caller, Container, Steadiness, calling

__all__ = [
    "Call",
    "Caller",
    "Container",
    "Steadiness",
    "calling",
    "failures",
    "longest_silence",
    "parse",
]

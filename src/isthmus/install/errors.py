"""What a user may have got wrong before anything is changed.

Does not know what the cluster answers: those errors are `isthmus.kube`'s.
"""

from __future__ import annotations


class InstallError(Exception):
    """A mistake in a file, a flag or a chart; the message names the place and the cure."""

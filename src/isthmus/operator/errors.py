"""What a user may have got wrong in a resource."""

from __future__ import annotations


class SpecError(Exception):
    """A resource that cannot be made true as it is written; the message names the field and the cure."""

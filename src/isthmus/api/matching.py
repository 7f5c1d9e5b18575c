"""String conditions, shared by routes and CORS rules."""

from __future__ import annotations

from typing import ClassVar

from isthmus.api.wire import Groups, Wire


class StringMatch(Wire, frozen=True, kw_only=True):
    """A condition on a string; none of the fields means presence.

    exact: The whole string.
    prefix: Its beginning.
    regex: An RE2 expression for the whole string.
    """

    at_most_one: ClassVar[Groups] = (("exact", "prefix", "regex"),)

    exact: str | None = None
    prefix: str | None = None
    regex: str | None = None

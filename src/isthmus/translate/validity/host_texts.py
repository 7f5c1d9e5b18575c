"""Names of hosts as routes and server names take them."""

from __future__ import annotations

import re

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?"
_HOST = re.compile(rf"\*|(\*\.)?{_LABEL}(\.{_LABEL})*\.?|[0-9A-Fa-f:.]+")


def is_host(text: str) -> bool:
    """Whether a text is a DNS name, an IP address, ``*``, or a name below ``*.``."""
    return len(text) <= 255 and _HOST.fullmatch(text) is not None

"""Linux calls that Python 3.11 lacks: mount, unshare, sethostname with text.

Knows libc. Every failure is an OSError that names the target.
"""

import ctypes
import os

MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x2, 0x4, 0x8
MS_BIND, MS_REC, MS_SHARED = 0x1000, 0x4000, 0x100000
CLONE_NEWCGROUP = 0x02000000

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2). Raises OSError with the target's name."""
    arguments = (source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags))
    if _libc.mount(*arguments, options.encode() or None):
        raise _error(f"mount {kind or 'bind'} {source} on {target}")


def unshare(flags: int) -> None:
    """unshare(2) for the calling thread."""
    if _libc.unshare(flags):
        raise _error("unshare")


def set_hostname(name: str) -> None:
    """The node name of this UTS namespace."""
    encoded = name.encode()
    if _libc.sethostname(encoded, len(encoded)):
        raise _error("sethostname")


def _error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")

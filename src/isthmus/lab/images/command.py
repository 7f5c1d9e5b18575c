"""Programs that image building starts: what they said when they failed is part of the error.

Knows subprocesses. Nothing it runs is given a terminal or an input.
"""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_LAST_LINES = 15


class ImageError(RuntimeError):
    """An image cannot be built or imported; says which step failed, why, and the cure where it is known."""


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    time_limit: float = 300,
    called: str = "",
) -> str:
    """Runs a program to its end and returns its standard output.

    Raises ImageError with the command (or what it is `called`) and the last lines of its output when it fails, is
    not installed, or takes longer than `time_limit` seconds.
    """
    words = [str(word) for word in command]
    called = called or " ".join(words)
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=time_limit,
        )
    except FileNotFoundError:
        raise ImageError(f"{words[0]} is not installed: `isthmus lab doctor --install` installs it") from None
    except subprocess.TimeoutExpired:
        raise ImageError(f"`{called}` was still running after {time_limit:.0f} s") from None
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines()[-_LAST_LINES:]
        raise ImageError("\n".join([f"`{called}` failed with status {done.returncode}:", *lines]))
    return done.stdout

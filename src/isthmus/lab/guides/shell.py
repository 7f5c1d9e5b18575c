"""One bash that lives as long as a guide: what a command exports is there for the next one.

Knows processes and pipes. Does not know what the commands are for.
"""

import contextlib
import os
import re
import secrets
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

Echo = Callable[[str], None]
"""Called with each line of output as it arrives, without its newline."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: its status (None when its time was up), and all it wrote to both outputs."""

    status: int | None
    output: str


class Shell:
    """Runs commands one after the other in one bash with `pipefail`; use it in a `with` block."""

    def __init__(self, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        self._marker = f"end-of-command-{secrets.token_hex(8)}"
        self._files = tempfile.TemporaryDirectory(prefix="guide-")
        self._bash = subprocess.Popen(
            ("bash", "--noprofile", "--norc"),
            cwd=directory,
            env=dict(os.environ if environment is None else environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._write("set -o pipefail\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        with contextlib.suppress(BrokenPipeError), self._bash:  # closes both pipes and reaps
            pass
        self._files.cleanup()

    def run(self, command: str, echo: Echo, answer: str = "", seconds: float = 120.0) -> Outcome:
        """Runs a command, which may span lines and hold here-documents, with `answer` as its standard input.

        When the time is up, or when the command ended the shell itself, the shell is of no further use.
        """
        script, typed = Path(self._files.name) / "command", Path(self._files.name) / "answer"
        script.write_text(command + "\n")
        typed.write_text(answer)
        timer = threading.Timer(seconds, self._kill)
        timer.start()
        try:
            self._write(f". {script} <{typed}\nprintf '\\n%s %d\\n' {self._marker} $?\n")
            return self._read(echo)
        finally:
            timer.cancel()

    def save(self, path: Path) -> None:
        """Writes what is exported, and the directory, to a file, from which `restore` takes them up."""
        file = shlex.quote(str(path))
        self.run(f"{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > {file}", _unheard)

    def restore(self, path: Path) -> None:
        """Takes up what an earlier shell saved."""
        self.run(f". {shlex.quote(str(path))}", _unheard)

    def _write(self, text: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(text)
        self._bash.stdin.flush()

    def _read(self, echo: Echo) -> Outcome:
        assert self._bash.stdout is not None
        lines: list[str] = []
        held: str | None = None  # the marker brings a newline of its own, which is not output
        for line in self._bash.stdout:
            if end := re.fullmatch(rf"{self._marker} (\d+)\n", line):
                if held:
                    echo(held)
                    lines.append(held)
                return Outcome(int(end[1]), "\n".join(lines))
            if held is not None:
                echo(held)
                lines.append(held)
            held = line.removesuffix("\n")
        return Outcome(None, "\n".join([*lines, held or ""]))

    def _kill(self) -> None:
        """Ends the shell and everything that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._bash.pid, signal.SIGKILL)


def _unheard(_line: str) -> None:
    """For what has no output that matters."""

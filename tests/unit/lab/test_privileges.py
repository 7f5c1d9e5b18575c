"""A lab needs root, and says how to get it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from isthmus.lab.privileges import become_root
from isthmus.lab.state import LabError


def test_without_sudo_the_cure_is_to_be_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match="as root"):
        become_root()


def test_with_sudo_the_same_command_goes_on_with_the_users_own_cache(tmp_path: Path) -> None:
    sudo = tmp_path / "sudo"
    sudo.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    sudo.chmod(0o755)
    program = (
        "import os, sys; os.geteuid = lambda: 1000; sys.argv = ['isthmus', 'lab', 'up'];"
        "from isthmus.lab.privileges import become_root; become_root()"
    )
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": "/home/somebody"}
    answer = subprocess.run(
        (sys.executable, "-c", program), env=environment, capture_output=True, text=True, check=True
    )
    arguments = answer.stdout.splitlines()
    assert arguments[0] == "env"
    assert "ISTHMUS_CACHE=/home/somebody/.cache/isthmus" in arguments
    assert arguments[-5:] == [sys.executable, "-m", "isthmus.cli.main", "lab", "up"]
    assert "needs root" in answer.stderr

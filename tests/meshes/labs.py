"""Labs for end-to-end tests: real clusters, beside those that a user may have."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from isthmus.lab.addresses import Plan
from isthmus.lab.down import down
from isthmus.lab.layout import Layout, layout
from isthmus.lab.progress import Quiet
from isthmus.lab.shell import variables
from isthmus.lab.topology import DEFAULT, topology
from isthmus.lab.up import up


@dataclass(frozen=True, slots=True)
class Lab:
    """A running lab."""

    plan: Plan
    files: Layout

    @property
    def contexts(self) -> tuple[str, ...]:
        """One per cluster, with the cluster's name."""
        return tuple(cluster.cluster.name for cluster in self.plan.clusters)

    @property
    def kubeconfig(self) -> Path:
        """Administrator access to all clusters."""
        return self.files.kubeconfig

    @property
    def env(self) -> dict[str, str]:
        """The environment of a shell in which `isthmus lab env` was evaluated."""
        path = f"{self.files.bin}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {**os.environ, **dict(variables(self.plan.topology, self.files)), "PATH": path}

    def run(self, *command: str, text: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a command in that environment; a failure shows what the command said."""
        answer = subprocess.run(
            command, input=text, env=self.env, capture_output=True, text=True, check=False, timeout=120
        )
        if check and answer.returncode:
            pytest.fail(f"{' '.join(command)}: status {answer.returncode}\n{answer.stdout}{answer.stderr}")
        return answer

    def kubectl(self, context: str, *arguments: str, text: str | None = None) -> str:
        """What kubectl prints. Fails the test when it fails."""
        return self.run("kubectl", "--context", context, *arguments, text=text).stdout


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Two clusters, two networks, overlapping pod ranges; gone at the end of the session.

    With `ISTHMUS_KEEP_LAB` in the environment it stays, and the next run goes on with it.
    """
    kept = bool(os.environ.get("ISTHMUS_KEEP_LAB"))
    if not kept:
        down("e2e", Quiet())
    yield Lab(up("e2e", topology(DEFAULT), Quiet()), layout("e2e"))
    if not kept:
        down("e2e", Quiet())


@pytest.fixture(scope="module")
def single() -> Iterator[Lab]:
    """One cluster with one node for a module of its own, named `single`; gone at the end of the module."""
    down("single", Quiet())
    yield Lab(up("single", topology("single"), Quiet()), layout("single"))
    down("single", Quiet())


@pytest.fixture
def short_lived() -> Iterator[Callable[[], Lab]]:
    """Brings up a lab of one cluster, named `brief`, or again when called again; gone at the end of the test."""
    down("brief", Quiet())
    yield lambda: Lab(up("brief", topology("single"), Quiet()), layout("brief"))
    down("brief", Quiet())

"""`isthmus demo` as a newcomer runs it."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from isthmus.lab.down import down, leftovers
from isthmus.lab.progress import Quiet

LAB = "demo"


@pytest.fixture
def demo() -> Iterator[None]:
    """Runs the demonstration on a lab of its own, which is gone before and after."""
    down(LAB, Quiet())
    yield
    down(LAB, Quiet())


def run() -> str:
    command = (sys.executable, "-m", "isthmus.cli.main", "demo", "--name", LAB)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("demo")
def test_the_demo_shows_answers_of_both_versions_to_both_clients_and_a_second_run_does_so_again():
    for text in (run(), run()):
        assert text.count("10 requests from cluster") == 2
        assert text.count(", 10 answers:") == 2
        for here, there in (("cluster1", "cluster2"), ("cluster2", "cluster1")):
            part = text.partition(f"10 requests from {here}")[2]
            assert re.search(r"in the same cluster, at 10\.10\.", part)
            assert re.search(rf"in {there}, over mTLS through its gateway 172\.\d+\.\d+\.\d+:15443", part)
        assert "not an answer" not in text
        assert re.search(r"cluster1 +spiffe://cluster.local/ns/sample/sa/sleep +.*Intermediate CA of cluster1", text)
        assert f"isthmus lab down --name {LAB}" in text
    assert down(LAB, Quiet())
    assert leftovers(LAB) == ()

"""Pods that started without rules, and where their processes are."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from isthmus.cni.network_namespaces import open_namespace
from isthmus.cni.pods import Pod
from isthmus.cni.repair import BrokenPods, failures
from isthmus.kube.events import Event

UID = "0d4e2c7e-1111-2222-3333-444455556666"


def ended(code: int) -> dict[str, Any]:
    return {"terminated": {"exitCode": code}}


def pod(uid: str = UID, name: str = "istio-validation", injected: bool = True, **status: Any) -> Pod:
    annotations = {"sidecar.istio.io/status": "{}"} if injected else {}
    found = {
        "metadata": {"name": "p", "namespace": "n", "uid": uid, "annotations": annotations},
        "status": {"initContainerStatuses": [{"name": name, **status}]},
    }
    return msgspec.convert(found, Pod)


@pytest.mark.parametrize(
    ("given", "count"),
    [
        (pod(state=ended(126)), 1),
        (pod(restartCount=3, state=ended(126)), 4),
        (pod(restartCount=2, state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState=ended(126)), 2),
        (pod(state=ended(0)), 0),
        (pod(restartCount=1, state=ended(0), lastState=ended(126)), 0),
        (pod(restartCount=1, state=ended(1), lastState=ended(126)), 0),
        (pod(name="other", state=ended(126)), 0),
        (pod(injected=False, state=ended(126)), 0),
    ],
)
def test_a_pod_is_broken_when_its_validation_ended_with_126(given: Pod, count: int) -> None:
    assert failures(given, "istio-validation") == count


async def test_each_failure_is_repaired_once() -> None:
    broken = BrokenPods("istio-validation")
    first = pod(state=ended(126))
    broken.replace([first, pod("healthy", state=ended(0))])
    assert await broken.next() == first
    backing_off = pod(restartCount=1, state={}, lastState=ended(126))
    again = pod(restartCount=1, state=ended(126))
    broken.change([Event("MODIFIED", backing_off), Event("MODIFIED", again)])
    assert await broken.next() == again


async def test_a_deleted_pod_is_no_longer_waited_for() -> None:
    broken = BrokenPods("istio-validation")
    gone, other = pod("gone", state=ended(126)), pod("other", state=ended(126))
    broken.change([Event("ADDED", gone), Event("DELETED", gone), Event("ADDED", other)])
    async with asyncio.timeout(1):
        assert await broken.next() == other


def process(root: Path, pid: str, group: str, network: str) -> None:
    (root / pid / "ns").mkdir(parents=True)
    (root / pid / "cgroup").write_text(f"0::/kubepods/burstable/{group}/c1\n")
    namespace = root / network
    namespace.touch()
    (root / pid / "ns/net").symlink_to(namespace)


@pytest.mark.parametrize("group", [f"pod{UID}", f"kubepods-burstable-pod{UID.replace('-', '_')}.slice"])
def test_a_running_pod_is_found_by_its_control_group(tmp_path: Path, group: str) -> None:
    process(tmp_path, "1", "", "host")
    process(tmp_path, "20", "podother", "other")
    process(tmp_path, "30", group, "mine")
    descriptor = open_namespace(tmp_path, UID)
    assert os.fstat(descriptor).st_ino == (tmp_path / "mine").stat().st_ino
    os.close(descriptor)


def test_the_nodes_own_network_is_never_taken_for_a_pods(tmp_path: Path) -> None:
    process(tmp_path, "1", "", "host")
    process(tmp_path, "30", f"pod{UID}", "host")
    with pytest.raises(ProcessLookupError, match=UID):
        open_namespace(tmp_path, UID)

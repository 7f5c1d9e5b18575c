"""Brings up a lab: `up` may be called at any time, and goes on from where the last call stopped.

Knows the order of the large steps.
"""

import asyncio
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from isthmus.lab import binaries, clusters, credentials, faults, host, images, kubeconfig, public, state
from isthmus.lab.addresses import SLOTS, Plan, free_slot
from isthmus.lab.clusters import Ground
from isthmus.lab.down import clear
from isthmus.lab.layout import Layout, layout
from isthmus.lab.progress import Progress, reporter
from isthmus.lab.state import LabError, Record
from isthmus.lab.topology import Topology, check_name

USER_PROGRAMS = ("kubectl",)
OWN_PROGRAMS = ("isthmus", "istioctl")
INOTIFY = ("max_user_instances", 8192), ("max_user_watches", 524288)
"""Least values of fs.inotify: kubelets and containers watch many files. They stay raised."""


def up(name: str, topology: Topology | None, progress: Progress) -> Plan:
    """Brings up the lab `name`; `topology` None takes the one that it has. Returns when all clusters are of use.

    Raises LabError, BinaryMissingError, ImageError or CommandError, each with the cure.
    """
    check_name(name)
    with state.locked(name, reporter(progress, "lab")):
        record = _record(name, topology, progress)
        progress.waits("programs", "their places")
        programs = binaries.ensure(binaries.all_names(), reporter(progress, "programs"))
        progress.done("programs")
        progress.waits("images", "their layers")
        template = images.ensure_template(reporter(progress, "images"))
        progress.done("images")
        return _build(record, programs, template, progress)


def _build(record: Record, programs: dict[str, Path], template: Path, progress: Progress) -> Plan:
    plan, files = record.plan(), layout(record.name)
    progress.waits("network", "namespaces and links")
    _raise_inotify_limits()
    if not host.network_is_up(plan):
        clear(record.name, progress)  # nodes cannot go on without the namespaces that they were started in
        faults.forget(files)
        host.build_network(plan)
    progress.done("network")
    _write_credentials(plan, files)
    public.prepare(files)
    _link_programs(files, programs)
    ground = Ground(plan, files, programs, template, progress)
    asyncio.run(_raise_clusters(ground))
    return plan


async def _raise_clusters(ground: Ground) -> None:
    try:
        async with asyncio.TaskGroup() as tasks:
            for cluster in ground.plan.clusters:
                tasks.create_task(clusters.raise_cluster(ground, cluster))
    except ExceptionGroup as problems:
        raise problems.exceptions[0] from problems


def _record(name: str, topology: Topology | None, progress: Progress) -> Record:
    """The lab's record, made now where there is none."""
    record = state.read(name)
    if record is not None:
        if topology is not None and topology != record.topology:
            raise LabError(
                f"lab {name} is a {record.topology.name}: take it down first with `isthmus lab down --name {name}`, "
                "or choose another --name"
            )
        return record
    if topology is None:
        raise LabError(f"there is no lab {name}: name a topology")
    with state.choosing_uplink(reporter(progress, "network")):
        uplink = free_slot((*host.routes(), *state.uplinks()))
        if uplink is None:
            raise LabError(f"no uplink range is free: the host has routes into all of {', '.join(map(str, SLOTS))}")
        record = Record(name=name, topology=topology, uplink=str(uplink))
        state.write(layout(name), record)
    return record


def _write_credentials(plan: Plan, files: Layout) -> None:
    accesses = []
    for cluster in plan.clusters:
        directory = files.pki(cluster.cluster.name)
        credentials.write(cluster, directory)
        accesses.append(credentials.admin_access(cluster, directory))
    files.kubeconfig.touch(0o600)
    files.kubeconfig.write_text(kubeconfig.render(tuple(accesses)))
    files.guides.mkdir(exist_ok=True)
    if (owner := os.environ.get("SUDO_UID")) is not None:
        os.chown(files.kubeconfig, int(owner), -1)
        os.chown(files.guides, int(owner), -1)


def _link_programs(files: Layout, programs: dict[str, Path]) -> None:
    """A directory for PATH with what the guides call."""
    files.bin.mkdir(exist_ok=True)
    own = {name: Path(sys.executable).parent / name for name in OWN_PROGRAMS}
    wanted = {name: programs[name] for name in USER_PROGRAMS} | own
    for name, target in wanted.items():
        link = files.bin / name
        link.unlink(missing_ok=True)
        link.symlink_to(target if target.exists() else shutil.which(name) or target)
    _write_program(files.bin / "helm", (sys.executable, "-m", "isthmus.lab.helm", str(programs["helm"])))
    _write_program(files.bin / "oc", (sys.executable, "-m", "isthmus.lab.oc", str(programs["kubectl"])))


def _write_program(path: Path, command: Sequence[str]) -> None:
    """A program that runs `command` with its own arguments after it."""
    path.unlink(missing_ok=True)
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    path.chmod(0o755)


def _raise_inotify_limits() -> None:
    for name, least in INOTIFY:
        path = Path("/proc/sys/fs/inotify") / name
        if int(path.read_text()) < least:
            path.write_text(str(least))

"""What a lab remembers of itself: its name, topology and uplink range; and who may work on it at the moment.

Knows one JSON file and two locks. Processes and namespaces are found by their names, never from here.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Network
from pathlib import Path

import msgspec

from isthmus.lab.addresses import Plan, plan
from isthmus.lab.layout import Layout, layout
from isthmus.lab.paths import labs_dir
from isthmus.lab.report import Report
from isthmus.lab.topology import Topology


class LabError(RuntimeError):
    """Something that a user can cure; the text says what and how."""


class Record(msgspec.Struct, frozen=True):
    """A lab's file `lab.json`."""

    name: str
    topology: Topology
    uplink: str

    def plan(self) -> Plan:
        """The address plan that follows."""
        return plan(self.name, self.topology, IPv4Network(self.uplink))


def read(name: str) -> Record | None:
    """The record of a lab, or None where there is no such lab."""
    try:
        return msgspec.json.decode(layout(name).record.read_bytes(), type=Record)
    except FileNotFoundError:
        return None


def require(name: str) -> Record:
    """The record of a lab. Raises LabError where there is no such lab."""
    record = read(name)
    if record is None:
        known = ", ".join(all_names())
        raise LabError(f"there is no lab {name!r}" + (f", but {known}" if known else ": run `isthmus lab up`"))
    return record


def write(files: Layout, record: Record) -> None:
    """Stores a record by rename."""
    files.root.mkdir(parents=True, exist_ok=True)
    partial = files.record.with_suffix(".new")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(record)))
    partial.replace(files.record)


def all_names() -> tuple[str, ...]:
    """The labs that have a record."""
    return tuple(sorted(path.parent.name for path in labs_dir().glob("*/lab.json")))


def uplinks() -> tuple[IPv4Network, ...]:
    """The uplink ranges of all labs that have a record."""
    records = (read(name) for name in all_names())
    return tuple(IPv4Network(record.uplink) for record in records if record)


@contextmanager
def locked(name: str, report: Report) -> Iterator[None]:
    """Held while a lab is brought up, taken down or changed. What is empty afterwards is removed."""
    labs_dir().mkdir(parents=True, exist_ok=True)
    path = labs_dir() / f".{name}.lock"
    descriptor = _acquire(path, report, f"waiting for another command that works on lab {name}")
    try:
        yield
    finally:
        if not layout(name).root.exists():
            path.unlink()
            with suppress(OSError):  # other labs are there
                labs_dir().rmdir()
        os.close(descriptor)


@contextmanager
def choosing_uplink(report: Report) -> Iterator[None]:
    """Held while an uplink range is chosen and recorded."""
    descriptor = _acquire(labs_dir(), report, "waiting for another lab that starts")
    try:
        yield
    finally:
        os.close(descriptor)


def _acquire(path: Path, report: Report, waiting: str) -> int:
    """An open descriptor that holds the lock of the file or directory that `path` names, also after the wait."""
    while True:
        descriptor = os.open(path, os.O_RDONLY | (0 if path.is_dir() else os.O_CREAT), 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(waiting)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)  # the one that held it has removed it
        path.parent.mkdir(parents=True, exist_ok=True)

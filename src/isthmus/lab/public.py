"""What a lab has in place of the public Internet: names that every cluster resolves, and an authority it trusts.

Its root is in the trust store of every container and of the API servers, beside the roots of this machine. Knows
files; CoreDNS and the nodes read them.
"""

import re
from ipaddress import IPv4Address
from pathlib import Path

from isthmus.lab import configuration
from isthmus.lab.layout import Layout
from isthmus.lab.pki import Authority, KeyPair, Subject
from isthmus.lab.state import LabError, Record

_NAME = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+")


def prepare(files: Layout) -> None:
    """Makes the authority, the trust store and the list of names, where they are missing."""
    files.names.mkdir(parents=True, exist_ok=True)
    (files.names / "hosts").touch()
    if trust_store(files).exists():
        return
    files.public.mkdir(exist_ok=True)
    root = Authority.create("Lab public authority").pair
    _write(files.public / "ca.key", root.key)
    _write(files.public / "ca.crt", root.certificate)
    machine = Path(configuration.TRUST_STORE)
    known = machine.read_bytes() if machine.exists() else b""
    _write(trust_store(files), known + root.certificate, mode=0o644)


def trust_store(files: Layout) -> Path:
    """A PEM file with everybody who is trusted."""
    return files.public / "ca-certificates.crt"


def names(files: Layout) -> str:
    """The published names, as lines of a hosts file."""
    return (files.names / "hosts").read_text()


def publish(record: Record, files: Layout, name: str, address: str) -> KeyPair:
    """Lets `name` lead to `address` from everywhere in the lab, and gives a server certificate for it.

    A name that was published before moves. Raises LabError for a name or an address that cannot be published.
    """
    _check(name, address)
    root = KeyPair((files.public / "ca.crt").read_bytes(), (files.public / "ca.key").read_bytes())
    others = [line for line in names(files).splitlines() if line.split()[1] != name]
    text = "".join(f"{line}\n" for line in (*others, f"{address} {name}"))
    partial = files.names / "hosts.new"
    partial.write_text(text)
    partial.replace(files.names / "hosts")
    plan = record.plan()
    for node in plan.nodes:  # in place: the file is mounted
        (files.node(node.node.name) / "hosts").write_text(configuration.hosts(plan, node, text))
    return Authority.load(root).issue(Subject(name, names=(name,)))


def _check(name: str, address: str) -> None:
    if not _NAME.fullmatch(name) or not name.endswith(tuple(f".{each}" for each in configuration.PUBLIC_DOMAINS)):
        raise LabError(f"{name!r} cannot be published: a lab has names below {', '.join(configuration.PUBLIC_DOMAINS)}")
    try:
        IPv4Address(address)
    except ValueError:
        raise LabError(f"{address!r} is no IPv4 address: take that of a LoadBalancer Service") from None


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    path.touch(mode)
    path.write_bytes(content)

"""The end of the demonstration as text: what stands where, who vouches for whom, and where each answer came from.

Knows words and columns. Does no I/O.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from isthmus.cli.columns import Table, render
from isthmus.cli.demo.evidence import Certificate, Endpoint
from isthmus.cli.demo.members import MESH
from isthmus.cli.demo.traffic import Answers

_PADDING = 2
_SHOWN_FINGERPRINT = 16
_GATEWAY_PORT = ":15443"


@dataclass(frozen=True, slots=True)
class Side:
    """All that is told of one cluster."""

    cluster: str
    network: str
    pods: str
    api: str
    version: str
    """The version of helloworld that runs here."""
    gateway: str
    """The address of its east-west gateway."""
    certificate: Certificate
    answers: Answers
    endpoints: tuple[Endpoint, ...]
    """helloworld's endpoints as the client here sees them."""


def describe(sides: tuple[Side, ...], root: Certificate, now: datetime) -> str:
    """The whole summary, with a line end after each line."""
    parts = (
        f"{MESH}: {len(sides)} clusters on {len({side.network for side in sides})} networks, one root.\n",
        _clusters(sides),
        _certificates(sides, root, now),
        *(_answers(side, sides) for side in sides),
    )
    return "\n".join(parts)


def _clusters(sides: tuple[Side, ...]) -> str:
    rows = tuple((each.cluster, each.network, each.pods, each.api, each.gateway + _GATEWAY_PORT) for each in sides)
    return render(Table(("CLUSTER", "NETWORK", "PODS", "API SERVER", "EAST-WEST GATEWAY"), rows, _PADDING))


def _certificates(sides: tuple[Side, ...], root: Certificate, now: datetime) -> str:
    rows = tuple((side.cluster, *_certificate(side.certificate, now)) for side in sides)
    header = ("CERTIFICATE OF", "IDENTITY", "ISSUER", "EXPIRES", "SHA-256")
    return render(Table(header, (*rows, ("the root", *_certificate(root, now))), _PADDING))


def _certificate(certificate: Certificate, now: datetime) -> tuple[str, str, str, str]:
    return (
        certificate.identity,
        certificate.issuer,
        f"in {_duration((certificate.expires - now).total_seconds())}",
        certificate.fingerprint[:_SHOWN_FINGERPRINT],
    )


def _duration(seconds: float) -> str:
    """Two days or more in days, else hours, else minutes."""
    hours = seconds / 3600
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} h" if hours >= 2 else f"{seconds / 60:.0f} min"


def _answers(side: Side, sides: tuple[Side, ...]) -> str:
    heard = sum(count for _, _, count in side.answers.instances)
    head = f"{side.answers.requests} requests from {side.cluster}, {heard} answers:\n"
    homes = {each.version: each for each in sides}
    rows = tuple(
        (f"  {count} x {version}", pod, _way(side, homes[version])) for version, pod, count in side.answers.instances
    )
    errors = "".join(f"  not an answer: {error}\n" for error in side.answers.errors)
    return head + (render(Table(rows[0], rows[1:], _PADDING)) if rows else "") + errors


def _way(side: Side, home: Side) -> str:
    """Where the client's own sidecar sent the requests that were answered from `home`."""
    if home is side:
        local = [each.address for each in side.endpoints if not each.address.endswith(_GATEWAY_PORT)]
        return f"in the same cluster, at {local[0] if local else 'its pod'}"
    used = [each.address for each in side.endpoints if _host(each.address) == home.gateway and each.requests]
    way = f"over mTLS through its gateway {used[0]}" if used else "past its gateway"
    return f"in {home.cluster}, {way}"


def _host(address: str) -> str:
    return address.rpartition(":")[0]


def now() -> datetime:
    """The time, for expiries."""
    return datetime.now(UTC)


def next_steps(contexts: tuple[str, ...], lab: str, shell: str) -> str:
    """How to look around, to break something, and to tear down; `shell` is the command that sets a shell up."""
    first, second = contexts[0], contexts[-1]
    option = "" if lab == "lab" else f" --name {lab}"
    return f"""It keeps running. Set up this shell first:

  {shell}

look around
  kubectl --context {first} get pods -A
  istioctl --context {first} proxy-status
  istioctl --context {first} remote-clusters
  kubectl --context {first} -n sample exec deploy/sleep -c sleep -- curl -sS helloworld.sample:5000/hello
break something
  isthmus lab fault cut {first} {second}{option}
    (requests to the other side time out, the own side answers)
  isthmus lab fault heal{option}
  isthmus lab fault stop-api {second}{option}
    (answers go on: the last known endpoints stay)
  isthmus lab fault start-api {second}{option}
tear down
  isthmus lab down{option}
"""

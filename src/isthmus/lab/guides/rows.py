"""The rows of the project's list of guides: every walkthrough that must pass on real clusters.

Knows their names and subjects. Which files carry a row out is said in the files.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from isthmus.lab.guides.model import Guide


@dataclass(frozen=True, slots=True)
class Row:
    """One row."""

    name: str
    title: str


ROWS = (
    Row("S1a", "External control plane, by DNS name and TLS credential"),
    Row("S1b", "External control plane, by IP address"),
    Row("S1c", "External control plane: ingress and egress gateways, Istio API and Gateway API"),
    Row("S1d", "External control plane: a second remote cluster"),
    Row("S1e", "External control plane: clean-up"),
    Row("S2", "Split-horizon EDS with one control plane, in the manner of Istio 1.1"),
    Row("S3", "Multi-primary, multi-network, with IstioOperator files"),
    Row("S3b", "Multi-primary, multi-network, with the operator"),
    Row("S4", "Multi-primary, single network"),
    Row("S5", "Primary-remote over a VPN, with the istio-remote chart"),
    Row("S5b", "Primary-remote over a VPN: manual injection"),
    Row("S5c", "Primary-remote over a VPN: security of the control plane, mTLS between pods"),
    Row("S5d", "Primary-remote over a VPN: deployment options of the control plane"),
    Row("S5e", "Primary-remote over a VPN: uninstalling"),
    Row("S6", "Primary-remote, multi-network, with the operator"),
    Row("S6b", "Primary-remote, single network, with the operator"),
    Row("S7", "Root and intermediate authorities, made with openssl"),
    Row("S8", "Three clusters in every topology"),
)


def all_rows(guides: Sequence[Guide]) -> tuple[Row, ...]:
    """The rows of the list, then what further guides carry out, by the name and title of the guide."""
    known = {row.name for row in ROWS}
    more = {row: Row(row, guide.title) for guide in guides for row in guide.rows if row not in known}
    return (*ROWS, *more.values())

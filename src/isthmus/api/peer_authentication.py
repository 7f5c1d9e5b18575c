"""PeerAuthentication: whether workloads take plain text, mutual TLS, or both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from isthmus.api.definition import AGE, Column, security
from isthmus.api.selector import LabelSelector
from isthmus.api.wire import Wire

MutualTlsMode = Literal["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]


class MutualTls(Wire, frozen=True, kw_only=True):
    """Mutual TLS.

    mode: What is accepted; UNSET takes the parent's.
    """

    mode: MutualTlsMode = "UNSET"


class PeerAuthentication(Wire, frozen=True, kw_only=True):
    """How workloads are reached.

    selector: Workloads that this is for; the whole namespace when not set (the whole mesh in its root).
    mtls: Mode of all ports.
    portLevelMtls: Mode of single workload ports; needs a selector.
    """

    selector: LabelSelector | None = None
    mtls: MutualTls | None = None
    port_level_mtls: Mapping[int, MutualTls] = {}


DEFINITION = msgspec.structs.replace(
    security("PeerAuthentication", "peerauthentications", PeerAuthentication, ("pa",)),
    columns=(Column(name="Mode", path=".spec.mtls.mode", description="Mode of all ports."), AGE),
)

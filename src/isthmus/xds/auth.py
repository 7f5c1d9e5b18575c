"""Whether a caller may be the proxy that it says it is.

Rule: Istio's identity check (pilot/pkg/xds/auth.go, on by default): one of the caller's identities has the
namespace whose configuration is asked for, and the service account if the node names one. Trust domains are not
compared: they were checked with the credential.
"""

from __future__ import annotations

from isthmus.model.identity import Caller, SpiffeId
from isthmus.rpc.refusal import Code, Refused
from isthmus.xds.node import Node


def proved_identity(node: Node, caller: Caller) -> SpiffeId | None:
    """The caller's identity that is this node's; None when it proved none."""
    return next((identity for identity in caller.identities if _covers(identity, node)), None)


def check_identity(node: Node, caller: Caller) -> None:
    """``Refused`` (PermissionDenied) unless the caller may act as this node."""
    if proved_identity(node, caller) is not None:
        return
    account = node.details.service_account
    wanted = f"namespace {node.namespace!r}" + (f" and service account {account!r}" if account else "")
    have = ", ".join(map(str, caller.identities)) or "no identity"
    raise Refused(Code.PERMISSION_DENIED, f"node {node.id!r} claims {wanted}, the caller proved {have}")


def _covers(identity: SpiffeId, node: Node) -> bool:
    account = node.details.service_account
    return identity.namespace == node.namespace and account in ("", identity.service_account)

"""The RBAC filters of a workload, from the policies that apply to it.

Knows in which order actions count: denials, then permissions; with a permission anywhere, what none permits is
denied. Does not know how policies were found.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from isthmus.api.authorization_policy import AuthorizationPolicy
from isthmus.api.config import Config
from isthmus.api.selector import PolicyTargetReference, matches
from isthmus.api.wire import Labels
from isthmus.protos import pb, to_any
from isthmus.translate.authorization.attributes import Setting
from isthmus.translate.authorization.rules import Named, policies
from isthmus.translate.encoding import serialise

_HTTP, _TCP = "envoy.filters.http.rbac", "envoy.filters.network.rbac"
_GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
_DRY_RUN = "istio.io/dry-run"


class Compiled(msgspec.Struct, frozen=True):
    """A policy as Envoy reads it. A CUSTOM one denies: nobody here would ask its provider."""

    namespace: str
    denies: bool
    selector: Labels
    targets: tuple[PolicyTargetReference, ...]
    http: tuple[Named, ...]
    tcp: tuple[Named, ...]

    def applies(self, namespace: str, labels: Labels, root: str) -> bool:
        """Whether a workload with these labels is meant."""
        if self.targets:
            name = labels.get(_GATEWAY_NAME, "")
            return self.namespace == namespace and any(
                target.kind == "Gateway" and target.name == name for target in self.targets
            )
        return self.namespace in (namespace, root) and matches(self.selector, labels)


class Authorization(msgspec.Struct, frozen=True, order=True):
    """Serialised filters, to be put before all others: HTTP filters, and network filters of TCP."""

    http: tuple[bytes, ...] = ()
    tcp: tuple[bytes, ...] = ()

    def http_filters(self) -> tuple[Any, ...]:
        """As messages."""
        kind = pb("envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter")
        return tuple(kind.FromString(body) for body in self.http)

    def network_filters(self) -> tuple[Any, ...]:
        """As messages."""
        kind = pb("envoy.config.listener.v3.Filter")
        return tuple(kind.FromString(body) for body in self.tcp)


UNRESTRICTED = Authorization()


def compiled(policy: Config[AuthorizationPolicy], trust_domains: tuple[str, ...]) -> Compiled | None:
    """A policy as Envoy reads it; None for one that only watches (AUDIT, dry runs)."""
    spec = policy.spec
    if spec.action == "AUDIT" or policy.annotations.get(_DRY_RUN) == "true":
        return None
    setting = Setting(policy.namespace, trust_domains)
    return Compiled(
        namespace=policy.namespace,
        denies=spec.action != "ALLOW",
        selector=spec.selector.match_labels if spec.selector else {},
        targets=(*((spec.target_ref,) if spec.target_ref else ()), *spec.target_refs),
        http=tuple(policies(policy.name, spec, setting)),
        tcp=tuple(policies(policy.name, spec, msgspec.structs.replace(setting, tcp=True))),
    )


def authorization(applying: Iterable[Compiled]) -> Authorization:
    """The filters of a workload to which exactly these policies apply."""
    known = list(applying)
    denials = [one for one in known if one.denies]
    permissions = [one for one in known if not one.denies]
    http = [_rules("DENY", (one.http for one in denials)), _rules("ALLOW", (one.http for one in permissions))]
    tcp = [_rules("DENY", (one.tcp for one in denials)), _rules("ALLOW", (one.tcp for one in permissions))]
    wanted = (bool(denials), bool(permissions))
    return Authorization(
        http=tuple(serialise(_http(rules)) for rules, needed in zip(http, wanted, strict=True) if needed),
        tcp=tuple(serialise(_network(rules)) for rules, needed in zip(tcp, wanted, strict=True) if needed),
    )


def _rules(action: str, found: Iterable[tuple[Named, ...]]) -> Any:
    policy = pb("envoy.config.rbac.v3.Policy")
    by_name = {name: policy.FromString(body) for several in found for name, body in several}
    return pb("envoy.config.rbac.v3.RBAC")(action=action, policies=by_name)


def _http(rules: Any) -> Any:
    config = pb("envoy.extensions.filters.http.rbac.v3.RBAC")(rules=rules)
    kind = pb("envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter")
    return kind(name=_HTTP, typed_config=to_any(config))


def _network(rules: Any) -> Any:
    config = pb("envoy.extensions.filters.network.rbac.v3.RBAC")(rules=rules, stat_prefix="tcp.")
    return pb("envoy.config.listener.v3.Filter")(name=_TCP, typed_config=to_any(config))

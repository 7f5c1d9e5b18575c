"""What Istio's API has and this mesh does not do: kinds and fields that are refused, or accepted without effect.

Refused is what would protect: a policy that nobody enforces is worse than none. Whoever keeps such an object for
another mesh says so in an annotation. Knows names and reasons; ``docs/not-supported.md`` lists the same, and a test
compares. Does not know other objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from isthmus.api.config import Problem, Severity

ACCEPTED = "isthmus.io/not-enforced"
"""An annotation with the value ``accepted`` turns refusals of this module into warnings."""


class Gap(msgspec.Struct, frozen=True):
    """Something that is not served: what that means, and whether it protects."""

    says: str
    protects: bool = False


KINDS: Mapping[str, Gap] = {
    "RequestAuthentication": Gap("is not enforced by this mesh: requests without a token would pass", protects=True),
    "EnvoyFilter": Gap("has no effect here: proxies get no patches"),
    "ProxyConfig": Gap("has an effect at injection only"),
    "ServiceEntry": Gap("has no effect here: its hosts are unknown destinations to proxies"),
    "Telemetry": Gap("has no effect here: access logs follow the mesh settings (accessLogFile)"),
    "TrafficExtension": Gap("has no effect here: proxies load no extensions"),
    "WasmPlugin": Gap("has no effect here: proxies load no extensions"),
    "WorkloadEntry": Gap("has no effect here: workloads are pods"),
    "WorkloadGroup": Gap("has no effect here: workloads are pods"),
}

_NO_EFFECT = Gap("has no effect here")
_NO_LIST = Gap("is not enforced by this mesh: revoked certificates would be accepted", protects=True)
_NO_TOKENS = Gap("no tokens are checked here, so that no caller has what this asks for")
FIELDS: Mapping[str, Mapping[str, Gap]] = {
    "AuthorizationPolicy": {"notRequestPrincipals": _NO_TOKENS, "requestPrincipals": _NO_TOKENS},
    "DestinationRule": {
        "budgetInterval": _NO_EFFECT,
        "caCrl": _NO_LIST,
        "http2KeepAlive": _NO_EFFECT,
        "minRetryConcurrency": _NO_EFFECT,
        "outlierDetectionHttpErrorCodes": _NO_EFFECT,
        "tunnel": Gap("has no effect here: connections are not tunnelled"),
        "zoneAwareLbSetting": Gap("has no effect here; use localityLbSetting"),
    },
    "Gateway": {"caCrl": _NO_LIST, "defaultEndpoint": _NO_EFFECT},
    "Sidecar": {
        "caCrl": _NO_LIST,
        "captureMode": Gap("has no effect here: all ports are captured as the pod's annotations say"),
        "egressProxy": Gap("has no effect here: unknown destinations are called directly"),
        "http2KeepAlive": _NO_EFFECT,
        "inboundConnectionPool": Gap("has no effect here: inbound connections are not limited"),
        "ingress": Gap("has no effect here: inbound listeners follow the Services"),
    },
}
"""By the name of the field, wherever it stands in an object of the kind."""

ACTIONS: Mapping[str, Gap] = {
    "AUDIT": Gap("AUDIT has no effect here"),
    "CUSTOM": Gap("CUSTOM denies here what its rules match: no provider is asked"),
}
"""Of AuthorizationPolicies."""

_WAYPOINT = Gap("is not enforced by this mesh: policies of Services need waypoints; use a selector", protects=True)
_DRY_RUN = "istio.io/dry-run"


SETTINGS: Mapping[str, Gap] = {
    "defaultTrafficPolicy": Gap("has no effect here: set trafficPolicy in DestinationRules"),
    "discoverySelectors": Gap("has no effect here: all namespaces are read"),
    "enableEnvoyAccessLogService": Gap("has no effect here: access logs go to accessLogFile"),
    "enableTracing": Gap("has no effect here: proxies send no traces"),
    "extensionProviders": Gap("has no effect here: there are no providers of authorization, traces and logs"),
    "serviceScopeConfigs": _NO_EFFECT,
    "tlsDefaults": Gap("has no effect here: meshMTLS sets the least version between proxies"),
    "zoneAwareLbSetting": Gap("has no effect here; use localityLbSetting"),
}
"""Fields of the mesh settings."""


def unserved_settings(settings: object) -> tuple[Problem, ...]:
    """What of the mesh settings has no effect."""
    written = settings if isinstance(settings, dict) else {}
    return tuple(
        Problem(name, gap.says, Severity.WARNING, "unserved") for name, gap in SETTINGS.items() if written.get(name)
    )


def unserved(kind: str, written: Mapping[str, Any]) -> tuple[Problem, ...]:
    """What of an object is refused (errors) or has no effect (warnings)."""
    metadata = written.get("metadata") or {}
    accepted = (metadata.get("annotations") or {}).get(ACCEPTED) == "accepted"
    gaps = [("", KINDS[kind])] if kind in KINDS else list(_fields(FIELDS.get(kind, {}), written.get("spec"), "spec"))
    if kind == "AuthorizationPolicy":
        gaps += _authorization(written.get("spec") or {}, metadata.get("annotations") or {})
    return tuple(_problem(kind, path, gap, accepted=accepted) for path, gap in gaps)


def _authorization(spec: Mapping[str, Any], annotations: Mapping[str, str]) -> Iterator[tuple[str, Gap]]:
    if gap := ACTIONS.get(str(spec.get("action"))):
        yield "spec.action", gap
    if annotations.get(_DRY_RUN) == "true":
        yield f"metadata.annotations[{_DRY_RUN}]", Gap("the policy has no effect, and dry runs report nothing here")
    targets = [("spec.targetRef", spec.get("targetRef"))]
    targets += [(f"spec.targetRefs[{index}]", one) for index, one in enumerate(spec.get("targetRefs") or ())]
    for path, target in targets:
        if isinstance(target, dict) and target.get("kind") != "Gateway":
            yield path, _WAYPOINT


def _fields(gaps: Mapping[str, Gap], value: Any, path: str) -> Iterator[tuple[str, Gap]]:
    match value:
        case dict():
            for name, entry in value.items():
                if name in gaps and entry not in (None, ""):
                    yield f"{path}.{name}", gaps[name]
                yield from _fields(gaps, entry, f"{path}.{name}")
        case list():
            for index, entry in enumerate(value):
                yield from _fields(gaps, entry, f"{path}[{index}]")


def _problem(kind: str, path: str, gap: Gap, *, accepted: bool) -> Problem:
    says = gap.says if path else f"{kind} {gap.says}"
    if not gap.protects:
        return Problem(path, says, Severity.WARNING, "unserved")
    if accepted:
        return Problem(path, f"{says} (accepted by annotation)", Severity.WARNING, "unserved")
    return Problem(path, f"{says}; to keep it all the same, annotate it with {ACCEPTED}=accepted", rule="unserved")

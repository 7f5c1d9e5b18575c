"""Retries of outbound requests: the mesh's defaults, and what a route asks for instead."""

from __future__ import annotations

from functools import cache
from typing import Any

from isthmus.api.duration import seconds
from isthmus.api.http_policy import HttpRetry
from isthmus.api.mesh_config import MeshConfig
from isthmus.protos import pb, to_any
from isthmus.translate.values import Fields, duration, go_duration, wrapped

_ATTEMPTS = 2
_RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
_SELECTION_ATTEMPTS = 5


def retry_policy(wanted: HttpRetry | None, mesh: MeshConfig) -> Fields | None:
    """The policy of a route; None when retries are turned off (``attempts: 0``)."""
    settings = wanted or mesh.default_http_retry_policy
    if settings is None:
        return _policy(_ATTEMPTS, _RETRY_ON)
    if settings.attempts <= 0:
        return None
    conditions, codes = _conditions(settings.retry_on)
    fields = _policy(settings.attempts, conditions or _RETRY_ON, previous=settings.retry_ignore_previous_hosts)
    if codes:
        fields["retriable_status_codes"] = codes
    if settings.per_try_timeout:
        fields["per_try_timeout"] = go_duration(settings.per_try_timeout)
    if settings.backoff:
        base = seconds(settings.backoff)
        fields["retry_back_off"] = {"base_interval": duration(base), "max_interval": duration(base * 10)}
    if settings.retry_remote_localities:
        fields["retry_priority"] = _previous_priorities()
    return fields


def _policy(attempts: int, conditions: str, *, previous: bool | None = True) -> Fields:
    fields: Fields = {
        "retry_on": conditions,
        "num_retries": wrapped(attempts),
        "host_selection_retry_max_attempts": _SELECTION_ATTEMPTS,
    }
    if previous is not False:
        fields["retry_host_predicate"] = [_previous_hosts()]
    return fields


def _conditions(text: str) -> tuple[str, list[int]]:
    """Envoy's conditions, and status codes, which Istio allows among them."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    codes = [int(word) for word in words if word.isdigit()]
    names = [word for word in words if not word.isdigit()]
    if codes and "retriable-status-codes" not in names:
        names.append("retriable-status-codes")
    return ",".join(names), codes


@cache
def _previous_hosts() -> Any:
    config = pb("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate")()
    return pb("envoy.config.route.v3.RetryPolicy.RetryHostPredicate")(
        name="envoy.retry_host_predicates.previous_hosts", typed_config=to_any(config)
    )


@cache
def _previous_priorities() -> Any:
    config = pb("envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig")(update_frequency=2)
    return pb("envoy.config.route.v3.RetryPolicy.RetryPriority")(
        name="envoy.retry_priorities.previous_priorities", typed_config=to_any(config)
    )

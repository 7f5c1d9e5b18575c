"""DestinationRules: settings that Envoy accepts."""

from __future__ import annotations

import msgspec

from isthmus.api.config import Problems
from isthmus.api.destination_rule import DestinationRule, PortTrafficPolicy, Subset, TrafficPolicy
from isthmus.api.load_balancing import LoadBalancerSettings
from isthmus.api.tls import ClientTlsSettings
from isthmus.translate.validity.notes import Notes

_MAGLEV_LIMIT = 5_000_011


def usable(spec: DestinationRule) -> tuple[DestinationRule, Problems]:
    """The object without what cannot be translated."""
    notes = Notes()
    policy = _policy(spec.traffic_policy, notes.at("trafficPolicy")) if spec.traffic_policy else None
    subsets: dict[str, Subset] = {}
    for at, subset in notes.each("subsets", spec.subsets):
        if not subset.name or subset.name in subsets:
            at.at("name").error(f"the subset is left out: give it a name of its own, not {subset.name!r}")
            continue
        own = _policy(subset.traffic_policy, at.at("trafficPolicy")) if subset.traffic_policy else None
        subsets[subset.name] = msgspec.structs.replace(subset, traffic_policy=own)
    return msgspec.structs.replace(spec, traffic_policy=policy, subsets=tuple(subsets.values())), notes.problems


def _policy(policy: TrafficPolicy, notes: Notes) -> TrafficPolicy:
    levels = notes.each("portLevelSettings", policy.port_level_settings)
    if policy.tunnel is not None:
        notes.at("tunnel").error("tunnels are not supported; connections are made without one")
    if policy.proxy_protocol is not None:
        notes.at("proxyProtocol").error("the PROXY protocol is not sent to services")
    return msgspec.structs.replace(
        policy,
        tls=_tls(policy.tls, notes.at("tls")),
        load_balancer=_balancer(policy.load_balancer, notes.at("loadBalancer")),
        port_level_settings=tuple(_level(level, at) for at, level in levels),
    )


def _level(level: PortTrafficPolicy, notes: Notes) -> PortTrafficPolicy:
    return msgspec.structs.replace(
        level,
        tls=_tls(level.tls, notes.at("tls")),
        load_balancer=_balancer(level.load_balancer, notes.at("loadBalancer")),
    )


def _tls(tls: ClientTlsSettings | None, notes: Notes) -> ClientTlsSettings | None:
    if (
        tls is not None
        and tls.mode == "MUTUAL"
        and not tls.credential_name
        and not (tls.client_certificate and tls.private_key)
    ):
        # Plain text instead of the TLS that was asked for would be worse than no connection at all.
        notes.error("MUTUAL needs clientCertificate and privateKey, or credentialName; connections will fail")
    return tls


def _balancer(balancer: LoadBalancerSettings | None, notes: Notes) -> LoadBalancerSettings | None:
    if balancer is None or balancer.consistent_hash is None:
        return balancer
    hashing = balancer.consistent_hash
    table = hashing.maglev.table_size if hashing.maglev else 0
    if table and not (table <= _MAGLEV_LIMIT and _is_prime(table)):
        at = notes.at("consistentHash.maglev.tableSize")
        at.error(f"the default is used instead: {table} is not a prime up to {_MAGLEV_LIMIT}")
        maglev = msgspec.structs.replace(hashing.maglev, table_size=0)  # type: ignore[type-var]
        hashing = msgspec.structs.replace(hashing, maglev=maglev)
    return msgspec.structs.replace(balancer, consistent_hash=hashing)


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % factor for factor in range(2, int(number**0.5) + 1))

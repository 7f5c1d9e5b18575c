"""``ProxyConfig``: mesh-wide proxy settings as the agent reads them.

Knows: Istio's ``mesh/v1alpha1`` ProxyConfig in JSON or YAML, its defaults, and how layers merge.
Does not know where the layers come from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isthmus.process import durations
from isthmus.process.variables import SettingError

DEFAULTS: Mapping[str, Any] = {
    "configPath": "./etc/istio/proxy",
    "binaryPath": "/usr/local/bin/envoy",
    "serviceCluster": "istio-proxy",
    "drainDuration": "45s",
    "terminationDrainDuration": "5s",
    "discoveryAddress": "istiod.istio-system.svc:15012",
    "proxyAdminPort": 15000,
    "controlPlaneAuthPolicy": "MUTUAL_TLS",
    "statusPort": 15020,
}


@dataclass(frozen=True, slots=True)
class StatsMatcher:
    """Which of Envoy's statistics are kept beside the defaults."""

    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    regexps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProxyConfig:
    """The merged settings: the fields that the agent uses, and the whole for the node's metadata."""

    config_path: str
    binary_path: str
    service_cluster: str
    discovery_address: str
    drain_seconds: float
    termination_drain_seconds: float
    concurrency: int | None
    admin_port: int
    status_port: int
    stats: StatsMatcher
    metadata: Mapping[str, str]
    whole: Mapping[str, Any]


def parse_layer(text: str, source: str) -> dict[str, Any]:
    """One layer from JSON or YAML; SettingError naming its source when it is neither, or no mapping."""
    if not text.strip():
        return {}
    layer = _load(text, source)
    if not isinstance(layer, dict):
        raise SettingError(f"{source}: expected a mapping of ProxyConfig fields, found {type(layer).__name__}")
    metadata = layer.get("proxyMetadata") or {}
    if not isinstance(metadata, dict):
        raise SettingError(f"{source}: proxyMetadata: expected a mapping, found {type(metadata).__name__}")
    return layer


def _load(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise SettingError(f"{source}: nested too deeply") from None
    except ValueError:
        import yaml  # the injector writes JSON: the parser for people costs memory only when a person wrote it

        from isthmus import bounded_yaml

        try:
            bounded_yaml.check(text)
            return yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise SettingError(f"{source}: neither JSON nor YAML: {error}") from None


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Later layers win field by field; ``proxyMetadata`` merges key by key."""
    result: dict[str, Any] = {}
    for layer in layers:
        metadata = {**result.get("proxyMetadata", {}), **(layer.get("proxyMetadata") or {})}
        result.update({name: value for name, value in layer.items() if value is not None})
        if metadata:
            result["proxyMetadata"] = metadata
    return result


def proxy_config(whole: Mapping[str, Any]) -> ProxyConfig:
    """The typed view of merged settings; SettingError names the field that does not fit."""
    try:
        return _typed(whole)
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise SettingError(f"PROXY_CONFIG: {error}") from None


def _typed(whole: Mapping[str, Any]) -> ProxyConfig:
    matcher = whole.get("proxyStatsMatcher") or {}
    return ProxyConfig(
        config_path=str(whole["configPath"]),
        binary_path=str(whole["binaryPath"]),
        service_cluster=str(whole["serviceCluster"]),
        discovery_address=str(whole["discoveryAddress"]),
        drain_seconds=durations.seconds(whole["drainDuration"]),
        termination_drain_seconds=durations.seconds(whole["terminationDrainDuration"]),
        concurrency=int(whole["concurrency"]) if "concurrency" in whole else None,
        admin_port=int(whole["proxyAdminPort"]),
        status_port=int(whole["statusPort"]),
        stats=StatsMatcher(
            prefixes=tuple(matcher.get("inclusionPrefixes", ())),
            suffixes=tuple(matcher.get("inclusionSuffixes", ())),
            regexps=tuple(matcher.get("inclusionRegexps", ())),
        ),
        metadata={key: str(value) for key, value in (whole.get("proxyMetadata") or {}).items()},
        whole=whole,
    )

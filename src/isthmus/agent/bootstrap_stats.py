"""Which statistics Envoy keeps, and which parts of their names become labels.

Knows: Istio's defaults and the settings that add to them. Does not know who reads the statistics.
Statistics that nobody asked for cost memory per cluster (174 MB against 141 MB with 1,000 clusters), so the
defaults are few.
"""

from __future__ import annotations

import re
from typing import Any

from isthmus.agent.settings import Settings

_PREFIXES = ("reporter=", "cluster_manager", "listener_manager", "server", "cluster.xds-grpc", "wasm", "istio")
_SUFFIXES = ("rbac.allowed", "rbac.denied", "shadow_allowed", "shadow_denied", "downstream_cx_active", "component")
_ADDRESS = r"[0-9a-fA-F:_.\[\]]+"
_REGEXPS = (r"vhost\..*\.route\..*",)
_ANNOTATIONS = {
    "prefixes": "sidecar.istio.io/statsInclusionPrefixes",
    "suffixes": "sidecar.istio.io/statsInclusionSuffixes",
    "regexps": "sidecar.istio.io/statsInclusionRegexps",
}


def stats_config(settings: Settings) -> dict[str, Any]:
    """Envoy's ``StatsConfig``."""
    return {
        "use_all_default_tags": False,
        "stats_tags": [{"tag_name": name, "regex": regex} for name, regex in _tags(settings.dns_domain).items()],
        "stats_matcher": {"inclusion_list": {"patterns": _patterns(settings)}},
    }


def _patterns(settings: Settings) -> list[dict[str, Any]]:
    asked = settings.proxy.stats
    prefixes = (*_PREFIXES, *asked.prefixes, *_annotation(settings, "prefixes"))
    suffixes = (*_SUFFIXES, "istio", *asked.suffixes, *_annotation(settings, "suffixes"))
    regexps = (*_REGEXPS, *asked.regexps, *_annotation(settings, "regexps"))
    return [
        *({"prefix": prefix} for prefix in dict.fromkeys(prefixes)),
        *({"suffix": suffix} for suffix in dict.fromkeys(suffixes)),
        *({"safe_regex": {"regex": regexp}} for regexp in dict.fromkeys(regexps)),
    ]


def _annotation(settings: Settings, kind: str) -> list[str]:
    value = settings.pod.annotations.get(_ANNOTATIONS[kind], "")
    return [part.strip() for part in value.split(",") if part.strip()]


def _tags(dns_domain: str) -> dict[str, str]:
    """Label names and the regular expressions that find them in a statistic's name.

    A cluster's name holds dots of its own (``outbound|80||a.b.svc.cluster.local``), which Envoy's default
    expressions do not expect.
    """
    suffix = re.escape("." + dns_domain.partition(".")[2]) if "." in dns_domain else ""
    return {
        "cluster_name": rf"^cluster\.((.+?(\..+?{suffix})?)\.)",
        "tcp_prefix": r"^tcp\.((.*?)\.)\w+?$",
        "response_code": r"_rq(_(\d{3}))$",
        "response_code_class": r"_rq(_(\dxx))$",
        "http_conn_manager_prefix": rf"^http\.(((?:inbound|outbound)_{_ADDRESS}|[^.]+)\.)",
        "listener_address": rf"^listener\.(({_ADDRESS})\.)",
    }

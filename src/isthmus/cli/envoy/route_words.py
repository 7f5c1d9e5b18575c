"""What a route matches, in Istio's words."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.cli.envoy.dump import Json

_SHOWN = 2
_SUFFIXES = (".svc.cluster.local", ".svc")


def path_words(match: Json) -> str:
    """The paths that a route takes; headers and queries are left out, as in ``istioctl``."""
    words = []
    if prefix := match.get("prefix"):
        words.append(f"{prefix}*")
    if separated := match.get("path_separated_prefix"):
        words.append(f"PathPrefix:{separated}")
    if path := match.get("path"):
        words.append(str(path))
    if regex := match.get("safe_regex"):
        words.append(f"regex {regex.get('regex', '')}")
    return " ".join(words)


def domain_words(domains: Sequence[str]) -> str:
    """At most two domains: not those that repeat another one with a port or as a longer name of a service."""
    if len(domains) == 1:
        return domains[0]
    portless = [domain for domain in domains if ":" not in domain or domain.endswith("]")]
    plain = [domain for domain in portless if not _repeats(domain, portless)]
    shown = ", ".join(plain[:_SHOWN])
    return f"{shown} + {len(plain) - _SHOWN} more..." if len(plain) > _SHOWN else shown


def _repeats(domain: str, domains: Sequence[str]) -> bool:
    return any(domain.endswith(suffix) and domain.removesuffix(suffix) in domains for suffix in _SUFFIXES)

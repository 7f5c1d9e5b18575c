"""The command line of ``istio-iptables`` as capture settings.

Knows: the options and variables that Istio's injection templates use. Does not know the pod: addresses and
name servers are handed in.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

from isthmus.capture.settings import ALL, IPV4, IPV6, Capture, Dns, Family, Inbound, Outbound
from isthmus.process.variables import SettingError, Variables

_TRANSPARENT = "TPROXY"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the pod is like: whether it has IPv6, and the name servers of its resolv.conf."""

    ipv6: bool
    name_servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """What to do with the rules: print them, leave them out, check them, and in which language they are."""

    dry_run: bool
    skip_apply: bool
    validate: bool
    clean_only: bool
    force: bool
    nftables: bool
    probe_port: int


def parser() -> argparse.ArgumentParser:
    """All options, with the short names that templates use."""
    result = argparse.ArgumentParser("istio-iptables", description="Installs the rules that capture a pod's traffic")
    for short, name, default in _VALUES:
        result.add_argument(*([short] if short else []), f"--{name}", dest=name, default=default)
    for name in _SWITCHES:
        result.add_argument(f"--{name}", dest=name, nargs="?", const="true", default="")
    return result


_VALUES = (
    ("-p", "envoy-port", "15001"),
    ("-z", "inbound-capture-port", "15006"),
    ("-e", "inbound-tunnel-port", "15008"),
    ("-u", "proxy-uid", ""),
    ("-g", "proxy-gid", ""),
    ("-m", "istio-inbound-interception-mode", "REDIRECT"),
    ("-t", "istio-inbound-tproxy-mark", "1337"),
    ("-r", "istio-inbound-tproxy-route-table", "133"),
    ("-b", "istio-inbound-ports", ""),
    ("-d", "istio-local-exclude-ports", ""),
    ("-i", "istio-service-cidr", ""),
    ("-x", "istio-service-exclude-cidr", ""),
    ("-q", "istio-outbound-ports", ""),
    ("-o", "istio-local-outbound-ports-exclude", ""),
    ("-c", "istio-exclude-interfaces", ""),
    ("-k", "istio-reroute-virtual-interfaces", ""),
    ("", "iptables-probe-port", "15002"),
    ("", "log_output_level", "default:info"),
)
_SWITCHES = (
    "redirect-dns",
    "capture-all-dns",
    "drop-invalid",
    "dry-run",
    "skip-rule-apply",
    "run-validation",
    "cleanup-only",
    "force-apply",
    "reconcile",
    "native-nftables",
)


def options(values: Mapping[str, str]) -> Options:
    """What to do. Differing rules are always replaced, so ``--reconcile`` changes nothing."""
    switches = {name: _switch(values, name) for name in _SWITCHES}
    return Options(
        dry_run=switches["dry-run"],
        skip_apply=switches["skip-rule-apply"],
        validate=switches["run-validation"],
        clean_only=switches["cleanup-only"],
        force=switches["force-apply"],
        nftables=switches["native-nftables"],
        probe_port=_number(values, "iptables-probe-port"),
    )


def capture(values: Mapping[str, str], variables: Variables, surroundings: Surroundings) -> Capture:
    """The settings; SettingError names the option that does not fit."""
    users = _words(values["proxy-uid"] or variables.text("ENVOY_USER", "1337"))
    families: tuple[Family, ...] = (_ipv4(variables), IPV6) if surroundings.ipv6 else (_ipv4(variables),)
    return Capture(
        users=users,
        user_groups=_words(values["proxy-gid"]) or users,
        inbound=_inbound(values),
        outbound=_outbound(values, variables),
        dns=_dns(values, variables, surroundings),
        excluded_interfaces=_words(values["istio-exclude-interfaces"]),
        virtual_interfaces=_words(values["istio-reroute-virtual-interfaces"]),
        drop_invalid=_switch(values, "drop-invalid") or variables.boolean("INVALID_DROP"),
        families=families,
    )


def _ipv4(variables: Variables) -> Family:
    loopback = variables.text("ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR", IPV4.loopback)
    return Family(IPV4.version, loopback, IPV4.passthrough_source, IPV4.host_bits)


def _inbound(values: Mapping[str, str]) -> Inbound:
    chosen = values["istio-inbound-ports"]
    ports = chosen if chosen == ALL else ",".join(map(str, _ports(values, "istio-inbound-ports")))
    return Inbound(
        ports=ports,
        excluded_ports=_ports(values, "istio-local-exclude-ports"),
        capture_port=_number(values, "inbound-capture-port"),
        tunnel_port=_number(values, "inbound-tunnel-port"),
        transparent=values["istio-inbound-interception-mode"] == _TRANSPARENT,
        mark=_number(values, "istio-inbound-tproxy-mark"),
        route_table=_number(values, "istio-inbound-tproxy-route-table"),
    )


def _outbound(values: Mapping[str, str], variables: Variables) -> Outbound:
    return Outbound(
        ranges=_ranges(values, "istio-service-cidr"),
        excluded_ranges=_ranges(values, "istio-service-exclude-cidr"),
        ports=_ports(values, "istio-outbound-ports"),
        excluded_ports=_ports(values, "istio-local-outbound-ports-exclude"),
        capture_port=_number(values, "envoy-port"),
        groups=_words(variables.text("ISTIO_OUTBOUND_OWNER_GROUPS", ALL)),
        excluded_groups=_words(variables.text("ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE")),
    )


def _dns(values: Mapping[str, str], variables: Variables, surroundings: Surroundings) -> Dns:
    captured = _switch(values, "redirect-dns") or variables.boolean("ISTIO_META_DNS_CAPTURE")
    all_servers = _switch(values, "capture-all-dns")
    return Dns(captured, all_servers, surroundings.name_servers if captured else ())


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _switch(values: Mapping[str, str], name: str) -> bool:
    return Variables({f"--{name}": values[name]}).boolean(f"--{name}")


def _number(values: Mapping[str, str], name: str) -> int:
    return Variables({f"--{name}": values[name]}).integer(f"--{name}", 0)


def _ports(values: Mapping[str, str], name: str) -> tuple[int, ...]:
    ports = tuple(_number({name: word}, name) for word in _words(values[name]))
    for port in ports:
        if not 0 < port < 65536:
            raise SettingError(f"--{name}: {port} is not a port")
    return ports


def _ranges(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    import ipaddress

    words = _words(values[name])
    for word in words:
        try:
            if word != ALL:
                ipaddress.ip_network(word, strict=False)
        except ValueError as error:
            raise SettingError(f"--{name}: {error}; expected * or ranges such as 10.0.0.0/8") from None
    return (ALL,) if ALL in words else words

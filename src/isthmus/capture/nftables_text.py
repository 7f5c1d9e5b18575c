"""Capture rules in the language of ``nft``. Knows the language only.

One table of both families for each kind of rule; the tables are the proxy's alone, so adding and emptying
them before the rules makes the text say the same however often it is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.capture.iptables_text import TABLES, own_chains
from isthmus.capture.rule import MANGLE, NAT, OUTPUT, PREROUTING, RAW, Action, Match, Owner, Rule

_PRIORITIES = {NAT: -100, MANGLE: -150, RAW: -300}


def nftables_text(rules: Sequence[Rule]) -> str:
    """Input of ``nft -f -``."""
    return "".join(_table(table, [rule for rule in rules if rule.table == table]) for table in TABLES)


def removal_text() -> str:
    """Removes the proxy's tables, whether or not they are there."""
    return "".join(f"add table inet {table_name(t)}\ndelete table inet {table_name(t)}\n" for t in TABLES)


def table_name(table: str) -> str:
    """The table's name in nftables."""
    return f"istio-proxy-{table}"


def chain_name(chain: str) -> str:
    """The chain's name in nftables."""
    return chain.lower().replace("_", "-")


def _table(table: str, rules: list[Rule]) -> str:
    if not rules:
        return ""
    name = table_name(table)
    hooks = [_hook(table, chain) for chain in (PREROUTING, OUTPUT) if any(r.chain == chain for r in rules)]
    chains = [f"add chain inet {name} {chain_name(chain)}" for chain in own_chains(rules)]
    lines = [f"add table inet {name}", f"flush table inet {name}", *hooks, *chains, *map(_line, rules), ""]
    return "\n".join(lines)


def _hook(table: str, chain: str) -> str:
    # Marks set on the way out must lead to another routing decision: that is what nft's route type is.
    kind = {NAT: "nat", MANGLE: "route" if chain == OUTPUT else "filter", RAW: "filter"}[table]
    hook = f"type {kind} hook {chain.lower()} priority {_PRIORITIES[table]}; policy accept;"
    return f"add chain inet {table_name(table)} {chain_name(chain)} {{ {hook} }}"


def _line(rule: Rule) -> str:
    verb = "insert" if rule.first else "add"
    place = f"{verb} rule inet {table_name(rule.table)} {chain_name(rule.chain)}"
    return " ".join([place, *_matches(rule), "counter", _statement(rule)])


def _matches(rule: Rule) -> list[str]:
    match = rule.match
    interfaces = [
        *([f'iifname "{match.in_interface}"'] if match.in_interface else []),
        *([f'oifname "{match.out_interface}"'] if match.out_interface else []),
    ]
    return [*interfaces, *_addresses(rule), *_ports(match), *_owner(match.owner), *_marks(match), *_states(match)]


def _addresses(rule: Rule) -> list[str]:
    match, family = rule.match, "ip6" if rule.version == 6 else "ip"
    source = [f"{family} saddr {match.source}"] if match.source else []
    negation = "!= " if match.not_destination else ""
    return source + ([f"{family} daddr {negation}{match.destination}"] if match.destination else [])


def _ports(match: Match) -> list[str]:
    if not match.protocol:
        return []
    source = [f"{match.protocol} sport {match.source_port}"] if match.source_port else []
    if not match.ports:
        return source or [f"meta l4proto {match.protocol}"]
    ports = ", ".join(map(str, match.ports))
    wanted = f"{{ {ports} }}" if len(match.ports) > 1 else ports
    return [*source, f"{match.protocol} dport {'!= ' if match.not_ports else ''}{wanted}"]


def _owner(owner: Owner | None) -> list[str]:
    if owner is None:
        return []
    key = "skuid" if owner.kind == "user" else "skgid"
    return [f"meta {key} {'!= ' if owner.negated else ''}{owner.name}"]


def _marks(match: Match) -> list[str]:
    packet = [f"meta mark {'!= ' if match.not_mark else ''}{match.mark}"] if match.mark else []
    return packet + ([f"ct mark {match.connection_mark}"] if match.connection_mark else [])


def _states(match: Match) -> list[str]:
    if match.established:
        return ["ct state related,established"]
    return ["ct state invalid"] if match.invalid else []


def _statement(rule: Rule) -> str:
    action = rule.action
    match action.verb:
        case "jump":
            return f"jump {chain_name(action.chain)}"
        case "redirect":
            return f"redirect to :{action.number}"
        case "tproxy":
            family = "ip6" if rule.version == 6 else "ip"
            return f"meta mark set {action.mark} tproxy {family} to :{action.number} accept"
        case _:
            return _mark_statement(action)


def _mark_statement(action: Action) -> str:
    match action.verb:
        case "mark":
            return f"meta mark set {action.number}"
        case "zone":
            return f"ct zone set {action.number}"
        case "save-mark":
            return "ct mark set meta mark"
        case "restore-mark":
            return "meta mark set ct mark"
        case verb:
            return verb

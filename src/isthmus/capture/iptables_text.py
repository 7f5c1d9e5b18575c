"""Capture rules in the language of ``iptables-restore``. Knows the language only."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.capture.rule import MANGLE, NAT, OUTPUT, PREROUTING, RAW, Action, Match, Owner, Rule
from isthmus.capture.settings import Family

TABLES = (RAW, MANGLE, NAT)
_BUILT_IN = (PREROUTING, OUTPUT)


def iptables_text(rules: Sequence[Rule], family: Family) -> str:
    """Input of ``iptables-restore --noflush`` for one family; empty when no rule is for it."""
    own = [rule for rule in rules if rule.version in (0, family.version)]
    return "".join(_table(table, [rule for rule in own if rule.table == table]) for table in TABLES)


def own_chains(rules: Sequence[Rule]) -> tuple[str, ...]:
    """The chains that the rules make, in order of first mention."""
    mentioned = (name for rule in rules for name in (rule.chain, rule.action.chain))
    return tuple(dict.fromkeys(name for name in mentioned if name and name not in _BUILT_IN))


def _table(table: str, rules: list[Rule]) -> str:
    if not rules:
        return ""
    chains = [f"-N {chain}" for chain in own_chains(rules)]
    return "\n".join([f"*{table}", *chains, *(_line(rule) for rule in rules), "COMMIT", ""])


def _line(rule: Rule) -> str:
    place = f"-I {rule.chain} 1" if rule.first else f"-A {rule.chain}"
    return " ".join([place, *words(rule)])


def words(rule: Rule) -> list[str]:
    """Matches and target of a rule, as ``iptables -A CHAIN`` or ``-C CHAIN`` take them."""
    match = rule.match
    return [
        *_interfaces(match),
        *_addresses(match),
        *_ports(match),
        *_owner(match.owner),
        *_marks(match),
        *_states(match),
        *_target(rule.action),
    ]


def _interfaces(match: Match) -> list[str]:
    incoming = ["-i", match.in_interface] if match.in_interface else []
    outgoing = ["-o", match.out_interface] if match.out_interface else []
    return incoming + outgoing


def _addresses(match: Match) -> list[str]:
    source = ["-s", match.source] if match.source else []
    destination = ["-d", match.destination] if match.destination else []
    return source + (["!"] if match.not_destination else []) + destination


def _ports(match: Match) -> list[str]:
    protocol = ["-p", match.protocol] if match.protocol else []
    source = ["--sport", str(match.source_port)] if match.source_port else []
    return protocol + source + _destination_ports(match)


def _destination_ports(match: Match) -> list[str]:
    negation = ["!"] if match.not_ports else []
    if len(match.ports) > 1:
        return ["-m", "multiport", *negation, "--dports", ",".join(map(str, match.ports))]
    return [*negation, "--dport", str(match.ports[0])] if match.ports else []


def _owner(owner: Owner | None) -> list[str]:
    if owner is None:
        return []
    option = "--uid-owner" if owner.kind == "user" else "--gid-owner"
    return ["-m", "owner", *(["!"] if owner.negated else []), option, owner.name]


def _marks(match: Match) -> list[str]:
    packet = ["-m", "mark", *(["!"] if match.not_mark else []), "--mark", str(match.mark)] if match.mark else []
    connection = ["-m", "connmark", "--mark", str(match.connection_mark)] if match.connection_mark else []
    return packet + connection


def _states(match: Match) -> list[str]:
    if match.established:
        return ["-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED"]
    return ["-m", "conntrack", "--ctstate", "INVALID"] if match.invalid else []


def _target(action: Action) -> list[str]:
    match action.verb:
        case "jump":
            return ["-j", action.chain]
        case "redirect":
            return ["-j", "REDIRECT", "--to-ports", str(action.number)]
        case "tproxy":
            mark = f"{action.mark}/0xffffffff"
            return ["-j", "TPROXY", "--tproxy-mark", mark, "--on-port", str(action.number)]
        case "mark":
            return ["-j", "MARK", "--set-mark", str(action.number)]
        case "zone":
            return ["-j", "CT", "--zone", str(action.number)]
        case "save-mark" | "restore-mark":
            return ["-j", "CONNMARK", f"--{action.verb}"]
        case verb:
            return ["-j", verb.upper()]

"""Installs capture rules in the network namespace that the process is in.

Knows: the programs that load rules, how to find out what is loaded, and how to take it away again.
Does not know what the rules mean.
"""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from isthmus.capture.iptables_text import TABLES, iptables_text, words
from isthmus.capture.nftables_text import nftables_text, removal_text
from isthmus.capture.rule import Rule
from isthmus.capture.rules import rules
from isthmus.capture.settings import Capture, Family

log = logging.getLogger("capture")

_PREFIX = "ISTIO_"


class InstallError(RuntimeError):
    """A program refused: the message holds its command, what it was told and what it said."""


def install(capture: Capture, nftables: bool, force: bool) -> None:
    """Makes the rules be as described, whatever stands there now; does nothing when they stand already."""
    wanted = rules(capture)
    if nftables:
        _run(["nft", "-f", "-"], nftables_text(wanted))
    else:
        for family in capture.families:
            _install_iptables(Iptables(family), wanted, force)
    for family in capture.families:
        _install_addresses(capture, family)


def remove(capture: Capture, nftables: bool) -> None:
    """Takes away what ``install`` made."""
    if nftables:
        _run(["nft", "-f", "-"], removal_text())
        return
    for family in capture.families:
        _remove_iptables(Iptables(family), rules(capture))


@dataclass(frozen=True, slots=True)
class Iptables:
    """The programs of one family. They wait for the lock that another program may hold."""

    family: Family

    @property
    def name(self) -> str:
        """The program that changes single rules."""
        return "iptables" if self.family.version == 4 else "ip6tables"

    def restore(self, text: str) -> None:
        """Loads rules, each table as a whole or not at all."""
        _run([f"{self.name}-restore", "--noflush", "--wait=30"], text)

    def saved(self, table: str) -> list[str]:
        """The lines ``-A CHAIN …`` of a table."""
        return [line for line in self._save(table) if line.startswith("-A ")]

    def chains(self, table: str) -> list[str]:
        """The proxy's chains in a table, empty ones among them."""
        declared = (line[1:].split()[0] for line in self._save(table) if line.startswith(":"))
        return [chain for chain in declared if chain.startswith(_PREFIX)]

    def _save(self, table: str) -> list[str]:
        return _run([f"{self.name}-save", "-t", table]).splitlines()

    def has(self, rule: Rule) -> bool:
        """Whether exactly this rule stands in its chain."""
        check = [self.name, "--wait=30", "-t", rule.table, "-C", rule.chain, *words(rule)]
        return subprocess.run(check, capture_output=True, check=False).returncode == 0


def _install_iptables(tables: Iptables, wanted: Sequence[Rule], force: bool) -> None:
    own = [rule for rule in wanted if rule.version in (0, tables.family.version)]
    standing = [line for table in TABLES for line in tables.saved(table) if _is_ours(line)]
    found = len(standing) + len(_unmarked(tables, own))
    if found == len(own) and not force and all(tables.has(rule) for rule in own):
        log.info("the rules of %s stand already", tables.name)
        return
    if found:
        _remove_iptables(tables, wanted)
    tables.restore(iptables_text(own, tables.family))


def _is_ours(line: str) -> bool:
    """Whether a saved rule stands in one of the proxy's chains or leads to one."""
    parts = line.split()
    target = parts[parts.index("-j") + 1] if "-j" in parts else ""
    return parts[1].startswith(_PREFIX) or target.startswith(_PREFIX)


def _unmarked(tables: Iptables, own: Sequence[Rule]) -> list[Rule]:
    """Rules of the proxy that stand in a built-in chain and lead to none of its own: found by looking for them."""
    plain = [rule for rule in own if not any(name.startswith(_PREFIX) for name in (rule.chain, rule.action.chain))]
    return [rule for rule in plain if tables.has(rule)]


def _remove_iptables(tables: Iptables, wanted: Sequence[Rule]) -> None:
    own = [rule for rule in wanted if rule.version in (0, tables.family.version)]
    for table in TABLES:
        lines = [line for line in tables.saved(table) if _is_ours(line)]
        jumps = [f"-D {line[3:]}" for line in lines if not line.split()[1].startswith(_PREFIX)]
        plain = _unmarked(tables, [rule for rule in own if rule.table == table])
        deletions = [*jumps, *(" ".join(["-D", rule.chain, *words(rule)]) for rule in plain)]
        chains = tables.chains(table)
        if deletions or chains:
            emptied = [f"-F {chain}" for chain in chains]
            deleted = [f"-X {chain}" for chain in chains]
            tables.restore("\n".join([f"*{table}", *deletions, *emptied, *deleted, "COMMIT", ""]))


def _install_addresses(capture: Capture, family: Family) -> None:
    """What the rules rely on outside of the rule tables."""
    ip = ["ip", "-6" if family.version == 6 else "-4"]
    if family.version == 6:
        # All of 127.0.0.0/8 is local without further ado, but of IPv6 only ::1 is.
        _run([*ip, "address", "replace", family.passthrough_source, "dev", "lo"])
    if capture.inbound.transparent:
        mark, table = str(capture.inbound.mark), str(capture.inbound.route_table)
        if f"lookup {table}" not in _run([*ip, "rule", "list"]):
            _run([*ip, "rule", "add", "fwmark", mark, "lookup", table])
        _run([*ip, "route", "replace", "local", "default", "dev", "lo", "table", table])


def _run(command: list[str], text: str = "") -> str:
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise InstallError(f"{command[0]} is not installed in this image") from None
    if done.returncode:
        said = done.stderr.strip()
        raise InstallError(f"{' '.join(command)} failed with {done.returncode}: {said}\n{text}".rstrip())
    return done.stdout

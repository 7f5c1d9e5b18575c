"""Arguments of ``istio-iptables`` in, rules out: one case a file, in both rule languages."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import yaml

from isthmus.capture import arguments
from isthmus.capture.iptables_text import iptables_text
from isthmus.capture.nftables_text import nftables_text
from isthmus.capture.rules import rules
from isthmus.capture.settings import IPV4, IPV6
from isthmus.process.variables import Variables

CASES = sorted((Path(__file__).parent / "capture").glob("*.yaml"))
KEYS = {"arguments", "environment", "ipv6", "name servers"}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_rules(path, check_golden):
    case = yaml.safe_load(path.read_text())
    assert case.keys() <= KEYS, "an input that nobody reads"
    values = vars(arguments.parser().parse_args(shlex.split(case["arguments"])))
    surroundings = arguments.Surroundings(case.get("ipv6", False), tuple(case.get("name servers", ())))
    capture = arguments.capture(values, Variables(case.get("environment", {})), surroundings)
    wanted = rules(capture)
    check_golden(path.with_suffix(".iptables"), iptables_text(wanted, IPV4))
    check_golden(path.with_suffix(".ip6tables"), iptables_text(wanted, IPV6) if IPV6 in capture.families else None)
    check_golden(path.with_suffix(".nft"), nftables_text(wanted))


def test_every_golden_belongs_to_a_case():
    stems = {path.stem for path in CASES}
    orphans = [path.name for path in CASES[0].parent.iterdir() if path.stem not in stems]
    assert orphans == []

"""What the lab does to the host: network namespaces, links, rules. Each function runs one system tool.

Knows `ip`, `nft`, `iptables-restore` and `nsenter`. The texts come from `network`.
"""

import json
import subprocess
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path

from isthmus.lab import network
from isthmus.lab.addresses import Plan

NETNS = Path("/run/netns")


class CommandError(RuntimeError):
    """A system tool failed; the text has its command line and what it said."""


def run(*command: str, text: str | None = None) -> str:
    """Runs a tool with `text` on its standard input and returns its output. Raises CommandError."""
    answer = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise CommandError(f"`{' '.join(command)}` failed: {answer.stderr.strip() or answer.stdout.strip()}")
    return answer.stdout


def network_is_up(plan: Plan) -> bool:
    """Whether the lab's network was built to the end: the host's leg is its last part."""
    if not all((NETNS / name).exists() for name in network.namespaces(plan)):
        return False
    address = f"{plan.host}"
    links = json.loads(run("ip", "-j", "addr", "show", "up"))
    return any(
        link["ifname"] == network.host_link(plan.name) and any(a.get("local") == address for a in link["addr_info"])
        for link in links
        if link
    )


def build_network(plan: Plan) -> None:
    """Namespaces, links and bridges. What is left of an earlier attempt must be gone. Raises CommandError."""
    inet = network.inet_namespace(plan.name)
    namespaces = "".join(f"netns add {name}\n" for name in network.namespaces(plan))
    run("ip", "-batch", "-", text=namespaces)
    _quiet_bridges(inet)
    run("ip", "-batch", "-", text=network.links_batch(plan))
    run("ip", "-n", inet, "-batch", "-", text=network.inet_batch(plan))
    for command in network.host_commands(plan):
        run("ip", *command.split())


def remove_network(lab: str) -> None:
    """The host's leg and all namespaces of the lab; those that are not there are no error."""
    link = network.host_link(lab)
    if Path("/sys/class/net", link).exists():
        # Deleting a namespace deletes its links later; a new lab needs the name at once.
        with suppress(CommandError):
            run("ip", "link", "del", link)
    for path in NETNS.glob(f"{network.prefix(lab)}*"):
        with suppress(CommandError):
            run("ip", "netns", "del", path.name)
    _unmount_if_unused()


def leftovers(lab: str) -> tuple[str, ...]:
    """Names of the lab's network namespaces and links that exist."""
    link = network.host_link(lab)
    links = (link,) if Path("/sys/class/net", link).exists() else ()
    return (*sorted(path.name for path in NETNS.glob(f"{network.prefix(lab)}*")), *links)


def routes() -> tuple[IPv4Network, ...]:
    """The destinations that the host has routes for, without the default route."""
    destinations = (route["dst"] for route in json.loads(run("ip", "-j", "-4", "route")))
    return tuple(IPv4Network(each) for each in destinations if each != "default")


def load_rules(namespace: str, rules: str) -> None:
    """Loads nftables text in a network namespace. Raises CommandError."""
    run("nsenter", f"--net={NETNS / namespace}", "nft", "-f", "-", text=rules)


def load_delays(namespace: str, rules: str) -> None:
    """Loads text of `iptables-restore` in a network namespace; chains it does not name stay. Raises CommandError."""
    run("nsenter", f"--net={NETNS / namespace}", "iptables-restore", "--noflush", text=rules)


def _quiet_bridges(namespace: str) -> None:
    """Bridged frames pass no firewall, even where the host's bridges do."""
    setting = "net.bridge.bridge-nf-call-iptables"
    if Path("/proc/sys/net/bridge").exists():
        run("nsenter", f"--net={NETNS / namespace}", "sysctl", "--quiet", "--write", f"{setting}=0")


def _unmount_if_unused() -> None:
    """`ip netns add` mounts /run/netns on itself, and leaves that behind."""
    mountpoints = [line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    if str(NETNS) in mountpoints and not any(NETNS.iterdir()):
        with suppress(CommandError):
            run("umount", str(NETNS))

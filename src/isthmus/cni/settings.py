"""The node agent's settings, from its environment. Knows Istio's variables; does not know what is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from isthmus.process.variables import SettingError, Variables

PLUGIN = "istio-cni"
"""The plug-in's type in configurations, and the name of its program."""

Mode = Literal["", "repair", "delete", "label"]


@dataclass(frozen=True, slots=True)
class HostConfig:
    """The node's CNI configuration.

    ``name`` is the file to extend, the first one when empty. ``owned`` is the name of an extended copy, empty when the
    file itself is extended. Without ``chained`` a configuration of its own is written under ``name``.
    """

    directory: Path
    name: str
    chained: bool
    owned: str


@dataclass(frozen=True, slots=True)
class Repair:
    """What becomes of pods that started without rules; nothing when the mode is empty."""

    mode: Mode
    init_container: str
    label: str
    label_value: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. ``socket`` has the same path on the host and here."""

    node: str
    namespace: str
    host: HostConfig
    programs: Path
    plugin: Path
    socket: Path
    processes: Path
    excluded: tuple[str, ...]
    nftables: bool
    repair: Repair


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings; SettingError names the variable that does not fit."""
    variables = Variables(environ)
    namespace = _required(variables, "POD_NAMESPACE")
    words = (word.strip() for word in variables.text("EXCLUDE_NAMESPACES").split(","))
    return Settings(
        node=_required(variables, "NODE_NAME"),
        namespace=namespace,
        host=_host(variables),
        programs=Path(variables.text("MOUNTED_CNI_BIN_DIR", "/host/opt/cni/bin")),
        plugin=Path(variables.text("CNI_PLUGIN", f"/opt/cni/bin/{PLUGIN}")),
        socket=Path(variables.text("CNI_EVENT_ADDRESS", "/var/run/istio-cni/pluginevent.sock")),
        processes=Path(variables.text("HOST_PROC", "/host/proc")),
        # Its own pods must start before there is an agent to ask.
        excluded=tuple(dict.fromkeys([*filter(None, words), namespace])),
        nftables=variables.boolean("NATIVE_NFTABLES"),
        repair=_repair(variables),
    )


def _host(variables: Variables) -> HostConfig:
    chained = variables.boolean("CHAINED_CNI_PLUGIN", default=True)
    owned = variables.text("ISTIO_OWNED_CNI_CONF_FILENAME") if variables.boolean("ISTIO_OWNED_CNI_CONFIG") else ""
    name = variables.text("CNI_CONF_NAME")
    for variable, value in (("CNI_CONF_NAME", name), ("ISTIO_OWNED_CNI_CONF_FILENAME", owned)):
        if "/" in value:
            raise SettingError(f"{variable}={value!r}: expected a name without a directory")
    if not chained and not name:
        name = f"{PLUGIN}.conf"
    return HostConfig(Path(variables.text("MOUNTED_CNI_NET_DIR", "/host/etc/cni/net.d")), name, chained, owned)


def _repair(variables: Variables) -> Repair:
    modes: tuple[tuple[str, Mode], ...] = (
        ("REPAIR_DELETE_PODS", "delete"),
        ("REPAIR_LABEL_PODS", "label"),
        ("REPAIR_REPAIR_PODS", "repair"),
    )
    chosen: Mode = next((mode for name, mode in modes if variables.boolean(name)), "")
    return Repair(
        mode=chosen if variables.boolean("REPAIR_ENABLED") else "",
        init_container=variables.text("REPAIR_INIT_CONTAINER_NAME", "istio-validation"),
        label=variables.text("REPAIR_BROKEN_POD_LABEL_KEY", "cni.istio.io/uninitialized"),
        label_value=variables.text("REPAIR_BROKEN_POD_LABEL_VALUE", "true"),
    )


def _required(variables: Variables, name: str) -> str:
    value = variables.text(name)
    if not value:
        raise SettingError(f"{name} is not set: the node agent runs in the DaemonSet of the cni chart")
    return value

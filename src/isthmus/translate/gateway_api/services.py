"""Services whose pods carry a Gateway: the one that is made for it, or those that its addresses name."""

from __future__ import annotations

import msgspec

from isthmus.api.config import Config
from isthmus.api.gateway_api.gateway import Gateway
from isthmus.translate.gateway_api import names


class Asked(msgspec.Struct, frozen=True):
    """What a Gateway's ``addresses`` ask for.

    ``services`` are hostnames. ``static`` is an address that the load balancer shall have. ``unsupported`` names
    types of addresses that cannot be had.
    """

    services: tuple[str, ...] = ()
    static: str = ""
    unsupported: tuple[str, ...] = ()


def services_of(gateway: Config[Gateway], controller: str, suffix: str) -> Asked:
    """The services of a Gateway; none for those that only tell where another network is reached."""
    if controller not in names.DEPLOYED:
        return Asked()
    wanted = gateway.spec.addresses
    if unsupported := tuple(sorted({one.type for one in wanted} - {"IPAddress", "Hostname"})):
        return Asked(unsupported=unsupported)
    if is_deployed(gateway.spec):
        static = wanted[0].value if wanted else ""
        return Asked((f"{name_of(gateway)}.{gateway.namespace}.{suffix}",), static)
    hosts = (one.value for one in wanted if one.type == "Hostname")
    return Asked(tuple(host if "." in host else f"{host}.{gateway.namespace}.{suffix}" for host in hosts))


def is_deployed(spec: Gateway) -> bool:
    """Whether a Gateway wants pods made for it: it names no Service that exists already (Istio)."""
    return not spec.addresses or (len(spec.addresses) == 1 and spec.addresses[0].type == "IPAddress")


def name_of(gateway: Config[Gateway]) -> str:
    """The name of everything that is made for a Gateway."""
    override = gateway.annotations.get(names.NAME_OVERRIDE, "")
    return names.deployed(gateway.name, gateway.spec.gateway_class_name, override)

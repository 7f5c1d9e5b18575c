"""What WasmPlugin and TrafficExtension have in common."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from isthmus.api.wire import Wire

Phase = Literal["UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"]
PullPolicy = Literal["UNSPECIFIED_POLICY", "IfNotPresent", "Always"]
FailStrategy = Literal["FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"]
PluginType = Literal["UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK"]
Sha256 = Annotated[str, Meta(pattern=r"^$|^[a-f0-9]{64}$", description="64 hexadecimal digits.")]


class EnvVar(Wire, frozen=True, kw_only=True):
    """A variable in a plug-in's environment.

    name: Name of the variable.
    valueFrom: Whether the value is written here or taken from the proxy's environment.
    value: The value; INLINE only.
    """

    name: Annotated[str, Meta(min_length=1, max_length=256)]
    value_from: Literal["INLINE", "HOST"] = "INLINE"
    value: Annotated[str, Meta(max_length=2048)] = ""


class VmConfig(Wire, frozen=True, kw_only=True):
    """A plug-in's virtual machine.

    env: Its environment.
    """

    env: Annotated[tuple[EnvVar, ...], Meta(max_length=256)] = ()


class PortSelector(Wire, frozen=True, kw_only=True):
    """A port.

    number: Port number.
    """

    number: Annotated[int, Meta(ge=1, le=65535)]


class TrafficSelector(Wire, frozen=True, kw_only=True):
    """Which traffic.

    mode: Which side of calls.
    ports: Which ports; all when empty.
    """

    mode: Literal["UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"] = "UNDEFINED"
    ports: tuple[PortSelector, ...] = ()

"""What the plug-in sends: its CNI variables, each ended by a zero byte. Knows the form; does no I/O."""

from __future__ import annotations

from dataclasses import dataclass


class RequestError(ValueError):
    """A message that no plug-in of this version sends."""


@dataclass(frozen=True, slots=True)
class Request:
    """Which pod is being set up. ``uid`` is empty where the container runtime does not tell it."""

    command: str
    namespace: str
    name: str
    uid: str


def parse(message: bytes) -> Request:
    """The request; RequestError says what is missing."""
    if not message.endswith(b"\0"):
        raise RequestError("the message is cut off")
    variables = _pairs(message.decode(errors="replace").removesuffix("\0").split("\0"))
    arguments = _pairs(variables.get("CNI_ARGS", "").split(";"))
    request = Request(
        command=variables.get("CNI_COMMAND", ""),
        namespace=arguments.get("K8S_POD_NAMESPACE", ""),
        name=arguments.get("K8S_POD_NAME", ""),
        uid=arguments.get("K8S_POD_UID", ""),
    )
    if request.command not in ("ADD", "CHECK"):
        raise RequestError(f"CNI_COMMAND is {request.command!r}; expected ADD or CHECK")
    if not request.namespace or not request.name:
        raise RequestError("CNI_ARGS names no pod")
    return request


def _pairs(texts: list[str]) -> dict[str, str]:
    return {key: value for key, equals, value in (text.partition("=") for text in texts) if equals}

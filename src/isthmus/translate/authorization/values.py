"""Values of policies as Envoy's matchers: exact, ``prefix*``, ``*suffix``, ``*`` for any value."""

from __future__ import annotations

import ipaddress
import re

from isthmus.translate.values import Fields

_TEMPLATE = re.compile(r"\{\*\*\}|\{\*\}")


def string(value: str, prefix: str = "", *, ignore_case: bool = False) -> Fields:
    """A StringMatcher. ``prefix`` is what the compared text has in front of what users write."""
    case: Fields = {"ignore_case": True} if ignore_case else {}
    if value == "*":
        return regex(".+")
    if value.startswith("*"):
        return {"suffix": value[1:], **case}
    if value.endswith("*"):
        return {"prefix": prefix + value[:-1], **case}
    return {"exact": prefix + value, **case}


def regex(expression: str) -> Fields:
    """A StringMatcher that an expression must match as a whole."""
    return {"safe_regex": {"regex": expression}}


def pattern(value: str) -> str:
    """An expression for a value in which ``*`` stands for any text."""
    return ".*".join(map(re.escape, value.split("*")))


def path(value: str) -> Fields:
    """A PathMatcher; ``{*}`` is one segment of a path, ``{**}`` any number of them."""
    if "{" not in value:
        return {"path": string(value)}
    pieces = map(re.escape, _TEMPLATE.split(value))
    wild = [".*" if mark == "{**}" else "[^/]+" for mark in _TEMPLATE.findall(value)]
    joined = "".join(piece + mark for piece, mark in zip(pieces, [*wild, ""], strict=True))
    return {"path": regex(joined)}


def header(name: str, value: str, *, ignore_case: bool = False) -> Fields:
    """A HeaderMatcher."""
    if value == "*":
        return {"name": name, "present_match": True}
    return {"name": name, "string_match": string(value, ignore_case=ignore_case)}


def address_range(value: str) -> Fields:
    """A CidrRange from an address or a range."""
    network = ipaddress.ip_network(value, strict=False)
    return {"address_prefix": str(network.network_address), "prefix_len": {"value": network.prefixlen}}

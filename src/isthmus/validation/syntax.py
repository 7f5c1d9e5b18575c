"""Forms of names that occur in objects: DNS names, hosts, labels, addresses, header names, expressions.

Each function returns what is wrong with a text, in words, or an empty text.
"""

from __future__ import annotations

import ipaddress
import re

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
_DOMAIN_LABEL = re.compile(r"[a-zA-Z0-9_]([-a-zA-Z0-9_]*[a-zA-Z0-9_])?\Z")
_KEY_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\Z")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\Z")
_HEADER = re.compile(r":?[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_NOT_RE2 = re.compile(r"(?<!\\)(?:\\\\)*(?:\(\?(?:=|!|<=|<!|>|#|\()|\\[1-9])")
_ONLY_RE2 = re.compile(r"\\[pPzCQ]|\(\?P?<|\[\[:")


def dns_label(text: str) -> str:
    """One part of a DNS name, as Kubernetes names most objects (RFC 1123)."""
    if len(text) > 63 or not _LABEL.match(text):
        return f"{text!r} is not a DNS label: lower case letters, digits and '-', at most 63 characters"
    return ""


def domain(text: str) -> str:
    """A full or short DNS name without wildcard."""
    name = text.removesuffix(".")
    parts = name.split(".")
    if not name or len(name) > 255 or any(len(part) > 63 or not _DOMAIN_LABEL.match(part) for part in parts):
        return f"{text!r} is not a DNS name"
    return ""


def wildcard_domain(text: str) -> str:
    """A DNS name, ``*``, or a name whose first part is ``*``."""
    if text == "*":
        return ""
    if "*" in text and not (text.startswith("*.") and "*" not in text[1:]):
        return f"{text!r} is not a host: only the whole first part may be '*', as in '*.example.com'"
    return domain(text.removeprefix("*."))


def host_or_address(text: str) -> str:
    """A host that clients call: a DNS name, a wildcard, or an IP address."""
    return "" if is_address(text) else wildcard_domain(text)


def is_address(text: str) -> bool:
    """Whether the text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def address_or_range(text: str) -> str:
    """An IP address or a range in CIDR form."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return f"{text!r} is neither an IP address nor a range such as 10.0.0.0/8"
    return ""


def namespaced_host(text: str, *, namespaces: frozenset[str]) -> str:
    """``namespace/host``; ``namespaces`` are the signs that may stand for one (``*``, ``.``, ``~``)."""
    namespace, slash, host = text.partition("/")
    if not slash:
        return f"{text!r} must have the form namespace/host"
    wrong = "" if namespace in namespaces else dns_label(namespace)
    return wrong or wildcard_domain(host)


def label_key(text: str) -> str:
    """A label's key, with or without a prefix."""
    prefix, slash, name = text.rpartition("/")
    if (slash and domain(prefix)) or len(name) > 63 or not _KEY_NAME.match(name):
        return f"{text!r} is not a label key"
    return ""


def label_value(text: str) -> str:
    """A label's value; may be empty."""
    if len(text) > 63 or not _LABEL_VALUE.match(text):
        return f"{text!r} is not a label value: letters, digits, '-', '_' and '.', at most 63 characters"
    return ""


def header_name(text: str) -> str:
    """An HTTP header's name (RFC 9110 token), or a pseudo header."""
    return "" if _HEADER.match(text) else f"{text!r} is not a header name"


def expression(text: str) -> str:
    """A regular expression that RE2 understands.

    Python's dialect is near enough to find mistakes; what only RE2 knows is let through, what RE2 leaves out
    on purpose (look-around, back references) is refused.
    """
    if not text:
        return "an expression must not be empty"
    if found := _NOT_RE2.search(text):
        return f"{text!r} uses {found[0]!r}, which RE2 does not have"
    try:
        re.compile(text)
    except re.error as error:
        return "" if _ONLY_RE2.search(text) else f"{text!r} is not a regular expression: {error}"
    return ""


def port(number: int) -> str:
    """A port number."""
    return "" if 1 <= number <= 65535 else f"{number} is not a port: write a number between 1 and 65535"

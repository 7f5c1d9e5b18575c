"""Rules of AuthorizationPolicy. Anything doubtful is an error: a policy that says less than meant lets callers in."""

from __future__ import annotations

import msgspec

from isthmus.api.authorization_policy import AuthorizationPolicy, Condition, Operation, Rule, Source
from isthmus.api.config import Problem
from isthmus.validation import syntax
from isthmus.validation.findings import Findings, each, warning, wrong
from isthmus.validation.selectors import selector, targets

_KEYS = frozenset(
    """
    source.ip remote.ip source.namespace source.principal source.serviceAccount
    source.trustDomain request.auth.principal request.auth.audiences request.auth.presenter
    destination.ip destination.port connection.sni
    """.split()  # noqa: SIM905 - a table of words
)
_KEY_PREFIXES = ("request.headers[", "request.auth.claims[", "experimental.envoy.filters.")
_RANGES = frozenset({"source.ip", "remote.ip", "destination.ip"})


def authorization_policy(spec: AuthorizationPolicy) -> Findings:
    """Rules of the whole object."""
    yield from selector("spec.selector", spec.selector)
    yield from targets("spec", spec.target_ref, spec.target_refs)
    if spec.action == "CUSTOM":
        if not spec.rules:
            yield Problem("spec.rules", "CUSTOM needs rules; write [{}] for every request")
        if not (spec.provider and spec.provider.name):
            yield Problem("spec.provider.name", "CUSTOM needs a provider")
    elif spec.provider:
        yield Problem("spec.provider", f"is for CUSTOM only, not for {spec.action}")
    if spec.action in ("DENY", "AUDIT") and not spec.rules:
        yield warning("spec.rules", f"empty: {spec.action} never applies")
    for index, rule in enumerate(spec.rules):
        yield from _rule(f"spec.rules[{index}]", rule, custom=spec.action == "CUSTOM")


def _rule(path: str, rule: Rule, *, custom: bool) -> Findings:
    for index, caller in enumerate(rule.from_):
        where = f"{path}.from[{index}].source"
        yield from _filled(where, caller.source)
        if caller.source:
            yield from _source(where, caller.source)
    for index, request in enumerate(rule.to):
        where = f"{path}.to[{index}].operation"
        yield from _filled(where, request.operation)
        if request.operation:
            yield from _operation(where, request.operation)
    for index, condition in enumerate(rule.when):
        yield from _condition(f"{path}.when[{index}]", condition, custom=custom)


def _filled(path: str, record: Source | Operation | None) -> Findings:
    """A caller or request without any field would match everything, which is never meant."""
    if record is None:
        yield Problem(path, "required, but not set")
        return
    written = {entry.encode_name: getattr(record, entry.name) for entry in msgspec.structs.fields(record)}
    if not any(written.values()):
        yield Problem(path, "at least one field must have a value")
    for name, values in written.items():
        if "" in values:
            yield Problem(f"{path}.{name}", "a value must not be empty")


def _source(path: str, source: Source) -> Findings:
    ranges = {
        "ipBlocks": source.ip_blocks,
        "notIpBlocks": source.not_ip_blocks,
        "remoteIpBlocks": source.remote_ip_blocks,
        "notRemoteIpBlocks": source.not_remote_ip_blocks,
    }
    for name, values in ranges.items():
        yield from each(f"{path}.{name}", values, syntax.address_or_range)
    accounts = (*source.service_accounts, *source.not_service_accounts)
    others = (*source.principals, *source.not_principals, *source.namespaces, *source.not_namespaces)
    if accounts and others:
        yield Problem(path, "serviceAccounts excludes principals and namespaces")
    for account in accounts:
        if account.count("/") > 1 or "*" in account:
            yield Problem(path, f"{account!r} is not NAME or NAMESPACE/NAME")


def _operation(path: str, operation: Operation) -> Findings:
    for name, values in (("ports", operation.ports), ("notPorts", operation.not_ports)):
        yield from each(f"{path}.{name}", values, _port)
    for name, values in (("paths", operation.paths), ("notPaths", operation.not_paths)):
        yield from each(f"{path}.{name}", values, _path_template)


def _port(text: str) -> str:
    return syntax.port(int(text)) if text.isdecimal() else f"{text!r} is not a port number"


def _path_template(text: str) -> str:
    """Paths may have the templates ``{*}`` and ``{**}``, the second one last and without other wildcards."""
    if "{" not in text and "}" not in text:
        return ""
    bare = text.replace("{**}", "").replace("{*}", "")
    if "{" in bare or "}" in bare or "*" in bare:
        return f"{text!r}: templates are {{*}} and {{**}} only, without '*' elsewhere"
    if text.count("{**}") > 1 or ("{**}" in text and "{*}" in text.partition("{**}")[2]):
        return f"{text!r}: {{**}} must be the last template"
    return ""


def _condition(path: str, condition: Condition, *, custom: bool) -> Findings:
    key = condition.key
    known = key in _KEYS or (key.startswith(_KEY_PREFIXES) and (key.endswith("]") or "envoy" in key))
    if not known:
        yield Problem(f"{path}.key", f"{key!r} is not a known attribute")
    if custom and key.startswith("request.auth."):
        yield Problem(f"{path}.key", f"{key!r} is not known yet when CUSTOM is evaluated")
    values = (*condition.values, *condition.not_values)
    if not values:
        yield Problem(path, "set values or notValues")
    if key in _RANGES:
        for value in values:
            yield from wrong(path, syntax.address_or_range(value))
    if key == "destination.port":
        for value in values:
            yield from wrong(path, _port(value))

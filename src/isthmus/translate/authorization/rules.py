"""Rules of a policy as Envoy's policies: who (principals) may do what (permissions).

All fields of a caller or request must match, any value of a field suffices. What cannot be told on a port makes a
permission narrower and a denial wider, never the other way round (Istio).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from isthmus.api.authorization_policy import AuthorizationPolicy, Condition, Operation, Rule, Source
from isthmus.protos import pb
from isthmus.translate.authorization import attributes
from isthmus.translate.authorization.attributes import Attribute, Setting, UnknownAttributeError
from isthmus.translate.encoding import serialise
from isthmus.translate.values import Fields

Named = tuple[str, bytes]
"""The name of an Envoy policy and its serialised message."""


class Field(msgspec.Struct, frozen=True):
    """An attribute with the values that match and those that do not."""

    attribute: Attribute
    values: Sequence[str]
    others: Sequence[str]


class _Words(msgspec.Struct, frozen=True):
    """How Envoy spells "all of", "any of" and "not"."""

    all_of: str
    any_of: str
    inner: str
    negation: str


_IDS = _Words("and_ids", "or_ids", "ids", "not_id")
_RULES = _Words("and_rules", "or_rules", "rules", "not_rule")


def policies(name: str, spec: AuthorizationPolicy, setting: Setting) -> Iterator[Named]:
    """One Envoy policy per rule that can match on such a port."""
    denying = spec.action != "ALLOW"
    for index, rule in enumerate(spec.rules):
        try:
            fields = _policy(rule, setting, lenient=denying)
        except UnknownAttributeError:
            continue  # a permission that cannot be checked is none
        message = pb("envoy.config.rbac.v3.Policy")(**fields)
        yield f"ns[{setting.namespace}]-policy[{name}]-rule[{index}]", serialise(message)


def _policy(rule: Rule, setting: Setting, *, lenient: bool) -> Fields:
    when_caller, when_request = _conditions(rule.when)
    callers = [_caller(one.source or Source()) for one in rule.from_] or [[]]
    requests = [_request(one.operation or Operation()) for one in rule.to] or [[]]
    return {
        "principals": [_all((*fields, *when_caller), setting, _IDS, lenient=lenient) for fields in callers],
        "permissions": [_all((*fields, *when_request), setting, _RULES, lenient=lenient) for fields in requests],
    }


def _caller(source: Source) -> list[Field]:
    return [
        Field(attributes.principal, source.principals, source.not_principals),
        Field(attributes.token, source.request_principals, source.not_request_principals),
        Field(attributes.namespace, source.namespaces, source.not_namespaces),
        Field(attributes.peer_address, source.ip_blocks, source.not_ip_blocks),
        Field(attributes.client_address, source.remote_ip_blocks, source.not_remote_ip_blocks),
        Field(attributes.service_account, source.service_accounts, source.not_service_accounts),
        Field(attributes.trust_domain, source.trust_domains, source.not_trust_domains),
    ]


def _request(operation: Operation) -> list[Field]:
    return [
        Field(attributes.host, operation.hosts, operation.not_hosts),
        Field(attributes.port, operation.ports, operation.not_ports),
        Field(attributes.method, operation.methods, operation.not_methods),
        Field(attributes.url_path, operation.paths, operation.not_paths),
    ]


def _conditions(when: Iterable[Condition]) -> tuple[list[Field], list[Field]]:
    callers: list[Field] = []
    requests: list[Field] = []
    for one in when:
        caller = attributes.of_caller(one.key)
        attribute = caller or attributes.of_request(one.key)
        (callers if caller else requests).append(Field(attribute, one.values, one.not_values))
    return callers, requests


def _all(fields: Iterable[Field], setting: Setting, words: _Words, *, lenient: bool) -> Fields:
    found = [each for field in fields for each in _field(field, setting, words, lenient=lenient)]
    if not found:
        return {"any": True}
    return found[0] if len(found) == 1 else {words.all_of: {words.inner: found}}


def _field(field: Field, setting: Setting, words: _Words, *, lenient: bool) -> Iterator[Fields]:
    try:
        matching = [field.attribute(value, setting) for value in field.values]
        others = [field.attribute(value, setting) for value in field.others]
    except UnknownAttributeError:
        if not lenient:
            raise
        return
    if matching:
        yield _any(matching, words)
    if others:
        yield {words.negation: _any(others, words)}


def _any(found: list[Fields], words: _Words) -> Fields:
    return found[0] if len(found) == 1 else {words.any_of: {words.inner: found}}

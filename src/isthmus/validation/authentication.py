"""Rules of PeerAuthentication and RequestAuthentication."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from isthmus.api.config import Problem
from isthmus.api.peer_authentication import PeerAuthentication
from isthmus.api.request_authentication import JwtRule, RequestAuthentication
from isthmus.validation import syntax
from isthmus.validation.findings import Findings, duration, wrong
from isthmus.validation.selectors import selector, targets


def peer_authentication(spec: PeerAuthentication) -> Findings:
    """Rules of the whole object."""
    yield from selector("spec.selector", spec.selector)
    if spec.port_level_mtls and not (spec.selector and spec.selector.match_labels):
        yield Problem("spec.portLevelMtls", "needs a selector: ports are those of chosen workloads")
    for number in spec.port_level_mtls:
        yield from wrong(f"spec.portLevelMtls[{number}]", syntax.port(number))


def request_authentication(spec: RequestAuthentication) -> Findings:
    """Rules of the whole object."""
    yield from selector("spec.selector", spec.selector)
    yield from targets("spec", spec.target_ref, spec.target_refs)
    for index, rule in enumerate(spec.jwt_rules):
        yield from _jwt_rule(f"spec.jwtRules[{index}]", rule)


def _jwt_rule(path: str, rule: JwtRule) -> Findings:
    if "" in rule.audiences:
        yield Problem(f"{path}.audiences", "an audience must not be empty")
    uri = rule.jwks_uri or rule.jwks_uri_old
    if uri:
        yield from wrong(f"{path}.jwksUri", _url(uri))
    if rule.jwks is not None:
        yield from wrong(f"{path}.jwks", _key_set(rule.jwks))
    for index, header in enumerate(rule.from_headers):
        yield from wrong(f"{path}.fromHeaders[{index}].name", syntax.header_name(header.name))
    for name, values in (("fromParams", rule.from_params), ("fromCookies", rule.from_cookies)):
        if "" in values:
            yield Problem(f"{path}.{name}", "a name must not be empty")
    for index, copied in enumerate(rule.output_claim_to_headers):
        where = f"{path}.outputClaimToHeaders[{index}]"
        yield from wrong(f"{where}.header", syntax.header_name(copied.header))
        if not copied.claim:
            yield Problem(f"{where}.claim", "required, but not set")
    yield from duration(f"{path}.timeout", rule.timeout)


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and parts.hostname is not None and (parts.port or 1) <= 65535
    except ValueError:
        valid = False
    return "" if valid else f"{text!r} is not a URL of the form https://host/path"


def _key_set(text: str) -> str:
    try:
        decoded = json.loads(text)
    except ValueError as error:
        return f"is not JSON: {error}"
    keys = decoded.get("keys") if isinstance(decoded, dict) else None
    return "" if isinstance(keys, list) else 'is not a key set: write {"keys": [...]}'

"""Whether references into other namespaces are allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from isthmus.api.config import Config
from isthmus.api.gateway_api.reference_grant import ReferenceGrant
from isthmus.api.gateway_api.references import GROUP

GrantsIn = Callable[[str], Iterable[Config[ReferenceGrant]]]
"""The ReferenceGrants of a namespace."""


class Referrer(msgspec.Struct, frozen=True):
    """Who refers: an object of the Gateway API."""

    kind: str
    namespace: str


class Target(msgspec.Struct, frozen=True):
    """What is referred to."""

    group: str
    kind: str
    namespace: str
    name: str


def allowed(referrer: Referrer, target: Target, grants_in: GrantsIn) -> bool:
    """References inside a namespace are; others when a ReferenceGrant of the target's namespace says so."""
    if target.namespace == referrer.namespace:
        return True
    return any(_grants(grant.spec, referrer, target) for grant in grants_in(target.namespace))


def _grants(grant: ReferenceGrant, referrer: Referrer, target: Target) -> bool:
    admits = any(
        one.group == GROUP and one.kind == referrer.kind and one.namespace == referrer.namespace for one in grant.from_
    )
    return admits and any(
        one.group == target.group and one.kind == target.kind and one.name in (None, "", target.name)
        for one in grant.to
    )

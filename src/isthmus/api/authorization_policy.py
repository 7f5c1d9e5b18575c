"""AuthorizationPolicy: who may do what."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta, field

from isthmus.api.definition import AGE, Column, security
from isthmus.api.selector import LabelSelector, PolicyTargetReference, TargetReferences
from isthmus.api.wire import Groups, Wire

Texts = tuple[str, ...]


class Source(Wire, frozen=True, kw_only=True):
    """A caller; all fields that are set must match, any value of a field suffices.

    principals: SPIFFE identities without the scheme, `td/ns/NAMESPACE/sa/ACCOUNT`.
    notPrincipals: Identities that do not match.
    requestPrincipals: Token identities, `ISSUER/SUBJECT`.
    notRequestPrincipals: Token identities that do not match.
    namespaces: Namespaces of callers.
    notNamespaces: Namespaces that do not match.
    ipBlocks: Address ranges of the connection.
    notIpBlocks: Address ranges that do not match.
    remoteIpBlocks: Address ranges of the original client.
    notRemoteIpBlocks: Address ranges that do not match.
    serviceAccounts: Service accounts, `NAME` or `NAMESPACE/NAME`.
    notServiceAccounts: Service accounts that do not match.
    trustDomains: Trust domains of callers.
    notTrustDomains: Trust domains that do not match.
    """

    principals: Texts = ()
    not_principals: Texts = ()
    request_principals: Texts = ()
    not_request_principals: Texts = ()
    namespaces: Texts = ()
    not_namespaces: Texts = ()
    ip_blocks: Texts = ()
    not_ip_blocks: Texts = ()
    remote_ip_blocks: Texts = ()
    not_remote_ip_blocks: Texts = ()
    service_accounts: Texts = ()
    not_service_accounts: Texts = ()
    trust_domains: Texts = ()
    not_trust_domains: Texts = ()


class Operation(Wire, frozen=True, kw_only=True):
    """A request; all fields that are set must match, any value of a field suffices.

    hosts: Hosts asked for.
    notHosts: Hosts that do not match.
    ports: Ports of the workload.
    notPorts: Ports that do not match.
    methods: HTTP methods.
    notMethods: Methods that do not match.
    paths: Paths.
    notPaths: Paths that do not match.
    """

    hosts: Texts = ()
    not_hosts: Texts = ()
    ports: Texts = ()
    not_ports: Texts = ()
    methods: Texts = ()
    not_methods: Texts = ()
    paths: Texts = ()
    not_paths: Texts = ()


class From(Wire, frozen=True, kw_only=True):
    """One caller.

    source: The caller.
    """

    source: Source | None = None


class To(Wire, frozen=True, kw_only=True):
    """One request.

    operation: The request.
    """

    operation: Operation | None = None


class Condition(Wire, frozen=True, kw_only=True):
    """A condition on an attribute.

    key: Name of the attribute, such as `request.headers[User-Agent]`.
    values: Values that match.
    notValues: Values that do not match.
    """

    key: str
    values: Texts = ()
    not_values: Texts = ()


class Rule(Wire, frozen=True, kw_only=True):
    """A rule; from, to and when must all match.

    from: Callers, any of them.
    to: Requests, any of them.
    when: Conditions, all of them.
    """

    from_: Annotated[tuple[From, ...], Meta(max_length=512)] = field(name="from", default=())
    to: tuple[To, ...] = ()
    when: tuple[Condition, ...] = ()


class ExtensionProviderName(Wire, frozen=True, kw_only=True):
    """A provider.

    name: Name of the provider in the mesh settings.
    """

    name: str = ""


class AuthorizationPolicy(Wire, frozen=True, kw_only=True):
    """Access to workloads.

    selector: Workloads that this is for; the whole namespace when not set (the whole mesh in its root).
    targetRef: Use targetRefs.
    targetRefs: Gateways or services that this is for.
    rules: Requests that match, any of them; none when empty.
    action: What happens to requests that match.
    provider: Who decides; CUSTOM only.
    """

    at_most_one: ClassVar[Groups] = (("selector", "targetRef", "targetRefs"),)

    selector: LabelSelector | None = None
    target_ref: PolicyTargetReference | None = None
    target_refs: TargetReferences = ()
    rules: Annotated[tuple[Rule, ...], Meta(max_length=512)] = ()
    action: Literal["ALLOW", "DENY", "AUDIT", "CUSTOM"] = "ALLOW"
    provider: ExtensionProviderName | None = None


DEFINITION = msgspec.structs.replace(
    security("AuthorizationPolicy", "authorizationpolicies", AuthorizationPolicy, ("ap",)),
    columns=(Column(name="Action", path=".spec.action", description="What happens to requests that match."), AGE),
)

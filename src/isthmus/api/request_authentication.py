"""RequestAuthentication: which JSON web tokens are accepted."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, field

from isthmus.api.definition import security
from isthmus.api.selector import LabelSelector, PolicyTargetReference, TargetReferences
from isthmus.api.wire import Duration, Groups, Wire


class JwtHeader(Wire, frozen=True, kw_only=True):
    """A header that carries a token.

    name: Name of the header.
    prefix: Text before the token, such as "Bearer ".
    """

    name: str
    prefix: str = ""


class ClaimToHeader(Wire, frozen=True, kw_only=True):
    """A claim that is copied into a header.

    header: Name of the header.
    claim: Name of the claim; nested ones with dots.
    """

    header: str
    claim: str


class JwtRule(Wire, frozen=True, kw_only=True):
    """Tokens of one issuer.

    issuer: The issuer; any when not set.
    audiences: Audiences, one of which must be in the token.
    jwksUri: URL of the issuer's keys.
    jwks_uri: Old spelling of jwksUri.
    jwks: The issuer's keys.
    fromHeaders: Headers that carry the token.
    fromParams: Query parameters that carry the token.
    fromCookies: Cookies that carry the token.
    outputPayloadToHeader: Header that receives the verified payload.
    forwardOriginalToken: Keep the token in the request.
    outputClaimToHeaders: Claims that are copied into headers.
    timeout: Time to fetch keys; 5s when not set.
    spaceDelimitedClaims: Claims whose text is a list separated by spaces.
    """

    at_most_one: ClassVar[Groups] = (("jwksUri", "jwks_uri", "jwks"),)

    issuer: Annotated[str, Meta(min_length=1)] = ""
    audiences: tuple[str, ...] = ()
    jwks_uri: str | None = None
    jwks_uri_old: str | None = field(name="jwks_uri", default=None)
    jwks: str | None = None
    from_headers: tuple[JwtHeader, ...] = ()
    from_params: tuple[str, ...] = ()
    from_cookies: tuple[str, ...] = ()
    output_payload_to_header: str = ""
    forward_original_token: bool = False
    output_claim_to_headers: tuple[ClaimToHeader, ...] = ()
    timeout: Duration | None = None
    space_delimited_claims: tuple[str, ...] = ()


class RequestAuthentication(Wire, frozen=True, kw_only=True):
    """Tokens that workloads accept. Requests without a token are let through: authorization decides on them.

    selector: Workloads that this is for; the whole namespace when not set (the whole mesh in its root).
    targetRef: Use targetRefs.
    targetRefs: Gateways or services that this is for.
    jwtRules: Accepted tokens.
    """

    at_most_one: ClassVar[Groups] = (("selector", "targetRef", "targetRefs"),)

    selector: LabelSelector | None = None
    target_ref: PolicyTargetReference | None = None
    target_refs: TargetReferences = ()
    jwt_rules: tuple[JwtRule, ...] = ()


DEFINITION = security("RequestAuthentication", "requestauthentications", RequestAuthentication, ("ra",))

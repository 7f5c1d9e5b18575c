"""The features of the Gateway API that are served, by the names under which conformance tests ask for them."""

from __future__ import annotations

SUPPORTED: tuple[str, ...] = tuple(
    sorted(
        {
            "Gateway", "GatewayAddressEmpty", "GatewayInfrastructurePropagation", "GatewayPort8080",
            "GRPCRoute", "GRPCRouteNamedRouteRule", "HTTPRoute", "HTTPRouteBackendProtocolH2C",
            "HTTPRouteBackendProtocolWebSocket", "HTTPRouteBackendRequestHeaderModification",
            "HTTPRouteBackendTimeout", "HTTPRouteCORS", "HTTPRouteDestinationPortMatching",
            "HTTPRouteHostRewrite", "HTTPRouteMethodMatching", "HTTPRouteNamedRouteRule",
            "HTTPRouteParentRefPort", "HTTPRoutePathRedirect", "HTTPRoutePathRewrite",
            "HTTPRoutePortRedirect", "HTTPRouteQueryParamMatching", "HTTPRouteRequestMirror",
            "HTTPRouteRequestMultipleMirrors", "HTTPRouteRequestPercentageMirror", "HTTPRouteRequestTimeout",
            "HTTPRouteResponseHeaderModification", "HTTPRouteSchemeRedirect", "ReferenceGrant", "TLSRoute",
        }
    )
)  # fmt: skip

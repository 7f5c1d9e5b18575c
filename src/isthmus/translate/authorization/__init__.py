"""AuthorizationPolicy as Envoy's RBAC filters: denials first, then permissions (Istio's order)."""

"""The Kubernetes Gateway API's rules, as pure functions: from its kinds to the mesh's own Gateways and VirtualServices.

Knows the specification (v1.5). Translation to Envoy stays one: what comes out here is translated like what users
write with Istio's kinds.
"""

"""Translation: pure functions from rows to Envoy resources.

Knows Envoy's API and the rules of Istio-compatible configuration. Does not know who is connected, and reads
nothing but its arguments.
"""

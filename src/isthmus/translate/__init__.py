"""Translation: from domain rows and a view of a proxy to Envoy resources, as pure functions.

Knows Envoy's API and Istio's rules for it. Does not know where rows come from, which proxies exist, nor how
resources travel. A translator gets a view, never a connection: what it may read is what its result depends on.
"""

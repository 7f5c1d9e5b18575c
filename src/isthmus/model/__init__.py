"""The domain: services, endpoints, networks, workloads, policies and proxies as frozen rows.

Knows what a mesh is made of. Knows neither Kubernetes' wire forms nor Envoy's.
"""

"""Wire forms of the Kubernetes Gateway API, one kind in each file; the CRDs are the official ones.

Rules that the official schemas check are not checked again.
"""

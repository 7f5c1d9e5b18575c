"""Isthmus: a multi-cluster service mesh that is compatible with Istio and drives stock Envoy."""

# Written out, and held to the distribution's metadata by a test: reading it at run time imports
# importlib.metadata, which costs every agent 3.5 MB and 25 ms.
__version__ = "0.1.0"

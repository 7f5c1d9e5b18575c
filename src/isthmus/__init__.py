"""Isthmus: a multi-cluster service mesh that is compatible with Istio and drives stock Envoy."""

from importlib.metadata import version as _version

__version__ = _version("isthmus")

"""Whether an Istio object says something sensible: rules beyond types, the admission webhook that applies them.

Knows one object at a time. Does not know other objects: what depends on them is found by ``isthmus.analysis``.
"""

"""Findings about clusters that are joined: credentials, names, trust, gateways, injection, merged services.

Knows what was seen of every cluster at one moment. Does not know how it was seen, nor the control plane's code.
Pure: ``isthmus.cli`` looks at the clusters. What is wrong with configuration alone is ``isthmus.analysis``.
"""

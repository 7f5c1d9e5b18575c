"""Findings about a mesh as a whole: what objects say of each other, in one cluster and across clusters.

Knows objects as they are stored. Does not know proxies or what the control plane made of the objects.
Pure: ``isthmus.cli`` reads the objects.
"""

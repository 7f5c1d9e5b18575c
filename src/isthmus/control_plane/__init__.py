"""The control plane process: watches clusters, settles the graph, serves proxies, webhooks and debug pages.

Knows every shell and how they are wired. Holds no rule of its own about what a proxy is told.
"""

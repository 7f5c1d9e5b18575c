"""Clusters: where a proxy may send traffic to, and how."""

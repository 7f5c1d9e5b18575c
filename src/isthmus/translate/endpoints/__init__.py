"""Endpoints: which addresses a client gets for a cluster, with weights, priorities and metadata.

The order is Istio's: filters, then gateways in front of other networks, then localities.
"""

"""Pods for Gateways of the Gateway API: what is made (``objects``), and kept there (``controller``)."""

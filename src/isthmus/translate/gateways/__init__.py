"""Gateways: listeners, routes and secrets of routers, from Gateway objects."""

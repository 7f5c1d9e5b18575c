"""Listeners: where traffic enters a proxy, how its protocol is found, and which filters it passes."""

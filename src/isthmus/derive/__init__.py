"""Derivations: from what clusters say to what proxies are told, as wiring of pure functions.

``domain`` names the collections that stand between the two halves: ``sources`` → domain → ``discovery``.
"""

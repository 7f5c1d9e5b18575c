"""Statuses of objects of the Gateway API: as JSON (``wire``), and kept in the configuration cluster (``writer``).

Does not know what became of an object; derivation tells (``model.status``).
"""

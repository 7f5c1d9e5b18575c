"""Aggregated discovery: the protocol (pure), and the server that speaks it to proxies.

``resources``, ``wire``, ``order``, ``requests``, ``subscription``, ``delta``, ``sotw`` and ``node`` are values in,
values out. ``stream``, ``server``, ``tls`` and ``metrics`` are the shell around them.
"""

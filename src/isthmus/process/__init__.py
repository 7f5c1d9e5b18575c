"""What a small process of the mesh finds around itself, and what it needs for its own upkeep.

Knows: environment variables, the pod's addresses and name servers, logs, Unix sockets, a small HTTP client and server.
Does not know what the process is for. It stands on the standard library alone, so that the agent in every pod stays
small.
"""

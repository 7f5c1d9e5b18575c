"""Kubernetes' API as asyncio sees it: credentials, typed requests, list and watch, elections, streams.

Knows: the API's conventions (paths, paging, watches, Status errors) and its HTTP transport.
Does not know what any object means to a mesh. Nothing outside this package talks HTTP to an API server.
"""

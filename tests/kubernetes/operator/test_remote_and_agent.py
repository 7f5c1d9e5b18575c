"""Control planes elsewhere, and the node agent, on a real API server without controllers."""

REMOTE = {"profile": "remote", "values": {"global": {"remotePilotAddress": "192.0.2.7"}}}

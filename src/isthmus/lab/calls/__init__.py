"""A steady stream of requests from inside a pod, and what became of each: how one sees what a fault costs.

`program` runs in the pod, `call` is one request, `caller` starts the program and fetches its lines.
"""

"""Injection: a pod in, the same pod with a proxy out.

Knows: Istio's injection templates, annotations and labels, and how a rendered pod is laid over the user's.
Does not know HTTP servers, informers or certificates: ``handlers`` is the one module with a web framework.

Pods are plain JSON objects throughout, because templates and users may use any field of a pod, now and later.
No function changes its argument.
"""

"""One node: a process tree in namespaces of its own, with real daemons at their default paths.

`launch` is executed on the host and becomes `unshare`; `init` is process 1 inside; `control` talks to it from the host.
"""

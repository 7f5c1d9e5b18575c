"""The lab: real Kubernetes clusters on one Linux machine, without Docker, kind or a cloud.

Knows how to get, configure, start, watch and clean up etcd, Kubernetes, containerd and CoreDNS in network namespaces.
Knows nothing of the mesh: what is installed on the clusters is somebody else's business.
"""

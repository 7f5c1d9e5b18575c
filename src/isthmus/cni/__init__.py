"""The node agent behind the CNI plug-in: captures pods' traffic from outside, so that pods need no rights for it.

Knows: the node's CNI configuration, which pods have a sidecar, and how to reach their network namespaces.
Does not know the rules (``capture``), nor the control plane. One runs on each node.

The plug-in itself is a small program without dependencies (``images/install-cni/plugin``): the container runtime
runs it on the host, where there may be no Python. It sends each new pod's namespace here and waits for the answer.
"""

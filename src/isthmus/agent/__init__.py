"""The agent that runs beside Envoy in the proxy image.

Knows: one pod's environment and files, its Envoy, and the certificate authority that signs for it.
Does not know Kubernetes, nor any configuration that the control plane sends: Envoy subscribes to that itself.

The agent lives as long as its pod and there is one per pod, so its memory and its start are what every
workload pays. Its modules therefore import little: no protobuf runtime (the few messages it speaks are
encoded in ``messages``), no HTTP framework, no cryptography library in the long-lived process.
"""

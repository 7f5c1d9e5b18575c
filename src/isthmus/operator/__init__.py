"""The operator: `Istio`, `IstioRevision`, `IstioRevisionTag` and `IstioCNI` resources made true in a cluster.

Knows which objects each resource stands for, when they are ready, and who uses them. How charts are rendered
and applied is `isthmus.install`'s; what a control plane does is `isthmus.control_plane`'s.
"""

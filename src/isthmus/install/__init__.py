"""Charts to objects to a cluster: what `install`, `manifest generate` and `uninstall` share.

Charts are real Helm charts and rendered to the same objects as Helm's; IstioOperator files choose, fill and
patch them. Everything up to `apply` and `remove` is free of I/O but for reading charts.
"""

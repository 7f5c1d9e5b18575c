"""Traffic capture: rules that lead a pod's connections through its proxy.

Knows: which connections are captured, and the rule languages of iptables and nftables.
Does not know Envoy or the control plane. Runs once, in the pod's init container, or in its network namespace.

``rules`` derives the rules once; ``iptables_text`` and ``nftables_text`` write them in the two languages.
"""

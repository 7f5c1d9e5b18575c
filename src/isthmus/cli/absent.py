"""Commands of ``istioctl`` that are not there, and what to do instead. ``docs/not-supported.md`` lists the same."""

from __future__ import annotations

from collections.abc import Mapping

_AMBIENT = "there is no ambient mode (ztunnel, waypoints) here; proxies run as sidecars"

ABSENT: Mapping[str, str] = {
    "admin": "log levels are set where the control plane is started: values.global.logging.level",
    "bug-report": "'isthmus check -o yaml' and 'kubectl logs' collect what a report needs",
    "dashboard": "nothing is installed that has one; port-forward to 15014/metrics and 8080/debug of istiod instead",
    "ztunnel-config": _AMBIENT,
    "waypoint": _AMBIENT,
    "validate": "'isthmus analyze --use-kube=false FILE' checks files",
    "precheck": "'isthmus check' looks at clusters",
    "describe": "'isthmus proxy-config' shows what a pod was told, 'isthmus analyze' what is wrong",
    "wait": "'isthmus proxy-status' shows whether proxies have what was sent",
}
"""By name, at the top or below ``x``."""

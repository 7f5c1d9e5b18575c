"""ProxyConfig: settings of chosen proxies, read when a pod is created."""

from __future__ import annotations

import msgspec

from isthmus.api.definition import networking
from isthmus.api.selector import LabelSelector
from isthmus.api.wire import Int32, Labels, Wire


class ProxyImage(Wire, frozen=True, kw_only=True):
    """The proxy's image.

    imageType: Variant: default, debug or distroless.
    """

    image_type: str = ""


class ProxyConfig(Wire, frozen=True, kw_only=True):
    """Settings of proxies.

    selector: Workloads that this is for; the whole namespace when not set (the whole mesh in its root).
    concurrency: Worker threads; by the CPU limit when not set, all processors when 0.
    environmentVariables: Further environment of the proxy.
    image: The proxy's image.
    """

    selector: LabelSelector | None = None
    concurrency: Int32 | None = None
    environment_variables: Labels = {}
    image: ProxyImage | None = None


DEFINITION = msgspec.structs.replace(
    networking("ProxyConfig", "proxyconfigs", ProxyConfig), versions=("v1beta1",), storage="v1beta1"
)

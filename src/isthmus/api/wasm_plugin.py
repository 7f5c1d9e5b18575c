"""WasmPlugin: WebAssembly in proxies."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from isthmus.api.definition import Definition
from isthmus.api.extension import FailStrategy, Phase, PluginType, PullPolicy, Sha256, TrafficSelector, VmConfig
from isthmus.api.selector import LabelSelector, PolicyTargetReference, TargetReferences
from isthmus.api.wire import Groups, Int32, Struct, Wire


class WasmPlugin(Wire, frozen=True, kw_only=True):
    """A plug-in.

    selector: Workloads that this is for; the whole namespace when not set (the whole mesh in its root).
    targetRef: Use targetRefs.
    targetRefs: Gateways or services that this is for.
    url: Where the module is: oci (the default), file, http or https.
    sha256: Checksum of the module or image.
    imagePullPolicy: When the module is fetched.
    imagePullSecret: Secret with credentials of the registry.
    verificationKey: Public key of the image's signature.
    pluginConfig: Configuration of the plug-in.
    pluginName: Name that the module registers.
    phase: Where in the filter chain.
    priority: Order within the phase, highest first.
    failStrategy: What happens to traffic when the plug-in fails.
    vmConfig: The virtual machine.
    match: Which traffic; all when empty.
    type: HTTP or network filter.
    """

    at_most_one: ClassVar[Groups] = (("selector", "targetRef", "targetRefs"),)

    selector: LabelSelector | None = None
    target_ref: PolicyTargetReference | None = None
    target_refs: TargetReferences = ()
    url: Annotated[str, Meta(min_length=1)]
    sha256: Sha256 = ""
    image_pull_policy: PullPolicy = "UNSPECIFIED_POLICY"
    image_pull_secret: Annotated[str, Meta(max_length=253)] = ""
    verification_key: str = ""
    plugin_config: Struct | None = None
    plugin_name: Annotated[str, Meta(max_length=256)] = ""
    phase: Phase = "UNSPECIFIED_PHASE"
    priority: Int32 | None = None
    fail_strategy: FailStrategy = "FAIL_CLOSE"
    vm_config: VmConfig | None = None
    match: tuple[TrafficSelector, ...] = ()
    type: PluginType = "UNSPECIFIED_PLUGIN_TYPE"


DEFINITION = Definition(
    group="extensions.istio.io",
    kind="WasmPlugin",
    plural="wasmplugins",
    spec=WasmPlugin,
    versions=("v1alpha1",),
    storage="v1alpha1",
    categories=("istio-io", "extensions-istio-io"),
)

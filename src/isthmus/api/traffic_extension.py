"""TrafficExtension: WebAssembly or Lua in proxies."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from isthmus.api.definition import Definition
from isthmus.api.extension import FailStrategy, PluginType, PullPolicy, Sha256, TrafficSelector, VmConfig
from isthmus.api.selector import LabelSelector, TargetReferences
from isthmus.api.wire import Groups, Int32, Struct, Wire


class WasmConfig(Wire, frozen=True, kw_only=True):
    """A WebAssembly module.

    url: Where the module is: oci (the default), file, http or https.
    sha256: Checksum of the module or image.
    imagePullPolicy: When the module is fetched.
    imagePullSecret: Secret with credentials of the registry.
    verificationKey: Public key of the image's signature.
    pluginConfig: Configuration of the plug-in.
    pluginName: Name that the module registers.
    failStrategy: What happens to traffic when the plug-in fails.
    vmConfig: The virtual machine.
    type: HTTP or network filter.
    """

    url: Annotated[str, Meta(min_length=1)]
    sha256: Sha256 = ""
    image_pull_policy: PullPolicy = "UNSPECIFIED_POLICY"
    image_pull_secret: Annotated[str, Meta(max_length=253)] = ""
    verification_key: str = ""
    plugin_config: Struct | None = None
    plugin_name: Annotated[str, Meta(max_length=256)] = ""
    fail_strategy: FailStrategy = "FAIL_CLOSE"
    vm_config: VmConfig | None = None
    type: PluginType = "UNSPECIFIED_PLUGIN_TYPE"


class LuaConfig(Wire, frozen=True, kw_only=True):
    """A Lua script.

    inlineCode: The script; it defines envoy_on_request, envoy_on_response or both.
    """

    inline_code: Annotated[str, Meta(min_length=1, max_length=65536)]


class TrafficExtension(Wire, frozen=True, kw_only=True):
    """An extension: exactly one of wasm and lua.

    selector: Workloads that this is for; the whole namespace when not set (the whole mesh in its root).
    targetRefs: Gateways or services that this is for.
    phase: Where in the filter chain.
    priority: Order within the phase, highest first.
    match: Which traffic; all when empty.
    wasm: A WebAssembly module.
    lua: A Lua script.
    """

    at_most_one: ClassVar[Groups] = (("selector", "targetRefs"),)
    exactly_one: ClassVar[Groups] = (("wasm", "lua"),)

    selector: LabelSelector | None = None
    target_refs: TargetReferences = ()
    phase: Literal["UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"] = "UNSPECIFIED"
    priority: Int32 | None = None
    match: tuple[TrafficSelector, ...] = ()
    wasm: WasmConfig | None = None
    lua: LuaConfig | None = None


DEFINITION = Definition(
    group="extensions.istio.io",
    kind="TrafficExtension",
    plural="trafficextensions",
    spec=TrafficExtension,
    versions=("v1alpha1",),
    storage="v1alpha1",
    categories=("istio-io", "extensions-istio-io"),
)

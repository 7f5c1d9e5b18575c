"""Rules of WasmPlugin, TrafficExtension, EnvoyFilter and ProxyConfig."""

from __future__ import annotations

from urllib.parse import urlsplit

from isthmus.api.config import Problem
from isthmus.api.envoy_filter import ConfigPatch, EnvoyFilter, Patch
from isthmus.api.extension import VmConfig
from isthmus.api.proxy_config import ProxyConfig
from isthmus.api.traffic_extension import TrafficExtension, WasmConfig
from isthmus.api.wasm_plugin import WasmPlugin
from isthmus.validation import syntax
from isthmus.validation.findings import Findings, repeated, warning, wrong
from isthmus.validation.selectors import selector, targets

_FILTERS = frozenset({"NETWORK_FILTER", "HTTP_FILTER", "LISTENER_FILTER"})
_ORDERED = _FILTERS | {"HTTP_ROUTE", "FILTER_CHAIN", "VIRTUAL_HOST"}


def wasm_plugin(spec: WasmPlugin) -> Findings:
    """Rules of the whole object."""
    yield from selector("spec.selector", spec.selector)
    yield from targets("spec", spec.target_ref, spec.target_refs)
    yield from _module("spec", spec)


def traffic_extension(spec: TrafficExtension) -> Findings:
    """Rules of the whole object."""
    yield from selector("spec.selector", spec.selector)
    yield from targets("spec", None, spec.target_refs)
    if spec.wasm:
        yield from _module("spec.wasm", spec.wasm)
    if spec.lua and "envoy_on_re" not in spec.lua.inline_code:
        yield warning("spec.lua.inlineCode", "defines neither envoy_on_request nor envoy_on_response")


def _module(path: str, module: WasmPlugin | WasmConfig) -> Findings:
    url = module.url
    scheme = urlsplit(url).scheme if "://" in url else "oci"
    if scheme not in ("oci", "file", "http", "https"):
        yield Problem(f"{path}.url", f"{scheme!r} is not one of oci, file, http, https")
    _, pinned, digest = url.partition("@sha256:")
    if pinned and module.sha256 and digest != module.sha256:
        yield Problem(f"{path}.sha256", "differs from the checksum in url")
    if module.vm_config:
        yield from _environment(f"{path}.vmConfig.env", module.vm_config)


def _environment(path: str, config: VmConfig) -> Findings:
    for index, variable in enumerate(config.env):
        if variable.value_from == "HOST" and variable.value:
            yield Problem(f"{path}[{index}].value", "must not be set when the value comes from the host")
    for _, index, name in repeated(variable.name for variable in config.env):
        yield Problem(f"{path}[{index}].name", f"{name!r} occurs twice")


def envoy_filter(spec: EnvoyFilter) -> Findings:
    """Rules of the whole object; patch values themselves are Envoy's matter."""
    yield from selector("spec.workloadSelector", spec.workload_selector)
    yield from targets("spec", None, spec.target_refs)
    for index, patch in enumerate(spec.config_patches):
        yield from _config_patch(f"spec.configPatches[{index}]", patch)


def _config_patch(path: str, entry: ConfigPatch) -> Findings:
    if entry.apply_to == "INVALID":
        yield Problem(f"{path}.applyTo", "required, but not set")
    if entry.patch is None:
        yield Problem(f"{path}.patch", "required, but not set")
        return
    yield from _patch(f"{path}.patch", entry.patch, entry.apply_to)
    chain = entry.match and entry.match.listener and entry.match.listener.filter_chain
    if chain and chain.filter and not chain.filter.name:
        yield Problem(f"{path}.match.listener.filterChain.filter.name", "required, but not set")
    if entry.match and entry.match.proxy and entry.match.proxy.proxy_version:
        yield from wrong(f"{path}.match.proxy.proxyVersion", syntax.expression(entry.match.proxy.proxy_version))


def _patch(path: str, patch: Patch, target: str) -> Findings:
    operation = patch.operation
    if operation == "INVALID":
        yield Problem(f"{path}.operation", "required, but not set")
    if operation not in ("REMOVE", "INVALID") and not patch.value:
        yield Problem(f"{path}.value", f"{operation} needs a value")
    if operation == "REMOVE" and patch.value:
        yield warning(f"{path}.value", "is not used by REMOVE")
    if operation.startswith("INSERT") and target not in _ORDERED:
        yield Problem(f"{path}.operation", f"{target} has no order; use ADD")
    if operation == "REPLACE" and target not in _FILTERS:
        yield Problem(f"{path}.operation", f"REPLACE is for filters only, not for {target}")


def proxy_config(spec: ProxyConfig) -> Findings:
    """Rules of the whole object."""
    yield from selector("spec.selector", spec.selector)
    if spec.concurrency is not None and spec.concurrency < 0:
        yield Problem("spec.concurrency", f"{spec.concurrency} is negative")
    if spec.image and spec.image.image_type not in ("", "default", "debug", "distroless"):
        yield Problem("spec.image.imageType", f"{spec.image.image_type!r} is not one of default, debug, distroless")

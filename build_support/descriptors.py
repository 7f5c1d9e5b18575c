"""Build hook: the protobuf descriptors of Envoy's API and of this project's own protos, and files behind links.

The generated modules of ``xds-protos`` collide with other distributions when installed (they own
top-level names such as ``envoy`` and ``opentelemetry``), so they are used here only, in the isolated
build environment, and never at run time.
"""

from __future__ import annotations

import importlib
import importlib.resources
import os
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOTS = (
    "envoy.admin.v3.clusters_pb2",
    "envoy.admin.v3.config_dump_pb2",
    "envoy.admin.v3.config_dump_shared_pb2",
    "envoy.admin.v3.server_info_pb2",
    "envoy.config.accesslog.v3.accesslog_pb2",
    "envoy.config.bootstrap.v3.bootstrap_pb2",
    "envoy.config.cluster.v3.cluster_pb2",
    "envoy.config.core.v3.extension_pb2",
    "envoy.config.endpoint.v3.endpoint_pb2",
    "envoy.config.listener.v3.listener_pb2",
    "envoy.config.rbac.v3.rbac_pb2",
    "envoy.config.route.v3.route_pb2",
    "envoy.config.trace.v3.zipkin_pb2",
    "envoy.extensions.access_loggers.file.v3.file_pb2",
    "envoy.extensions.access_loggers.stream.v3.stream_pb2",
    "envoy.extensions.clusters.dynamic_forward_proxy.v3.cluster_pb2",
    "envoy.extensions.filters.http.buffer.v3.buffer_pb2",
    "envoy.extensions.filters.http.compressor.v3.compressor_pb2",
    "envoy.extensions.filters.http.cors.v3.cors_pb2",
    "envoy.extensions.filters.http.ext_authz.v3.ext_authz_pb2",
    "envoy.extensions.filters.http.fault.v3.fault_pb2",
    "envoy.extensions.filters.http.grpc_stats.v3.config_pb2",
    "envoy.extensions.filters.http.grpc_web.v3.grpc_web_pb2",
    "envoy.extensions.filters.http.jwt_authn.v3.config_pb2",
    "envoy.extensions.filters.http.local_ratelimit.v3.local_rate_limit_pb2",
    "envoy.extensions.filters.http.lua.v3.lua_pb2",
    "envoy.extensions.filters.http.rbac.v3.rbac_pb2",
    "envoy.extensions.filters.http.router.v3.router_pb2",
    "envoy.extensions.filters.http.set_filter_state.v3.set_filter_state_pb2",
    "envoy.extensions.filters.http.wasm.v3.wasm_pb2",
    "envoy.extensions.filters.listener.http_inspector.v3.http_inspector_pb2",
    "envoy.extensions.filters.listener.original_dst.v3.original_dst_pb2",
    "envoy.extensions.filters.listener.original_src.v3.original_src_pb2",
    "envoy.extensions.filters.listener.proxy_protocol.v3.proxy_protocol_pb2",
    "envoy.extensions.filters.listener.tls_inspector.v3.tls_inspector_pb2",
    "envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2",
    "envoy.extensions.filters.network.rbac.v3.rbac_pb2",
    "envoy.extensions.filters.network.set_filter_state.v3.set_filter_state_pb2",
    "envoy.extensions.filters.network.sni_cluster.v3.sni_cluster_pb2",
    "envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2",
    "envoy.extensions.retry.host.previous_hosts.v3.previous_hosts_pb2",
    "envoy.extensions.retry.priority.previous_priorities.v3.previous_priorities_config_pb2",
    "envoy.extensions.transport_sockets.internal_upstream.v3.internal_upstream_pb2",
    "envoy.extensions.transport_sockets.raw_buffer.v3.raw_buffer_pb2",
    "envoy.extensions.transport_sockets.tls.v3.tls_pb2",
    "envoy.extensions.upstreams.http.v3.http_protocol_options_pb2",
    "envoy.service.discovery.v3.ads_pb2",
    "envoy.service.discovery.v3.discovery_pb2",
    "envoy.service.secret.v3.sds_pb2",
    "envoy.service.status.v3.csds_pb2",
    "envoy.type.matcher.v3.regex_pb2",
)


def collect(file: Any, files: dict[str, Any]) -> None:
    """Adds a file descriptor and all that it imports, dependencies first."""
    if file.name in files:
        return
    for dependency in file.dependencies:
        collect(dependency, files)
    files[file.name] = file


def compile_own(directory: Path) -> bytes:
    """Compiles the project's own protos to a serialised FileDescriptorSet."""
    from grpc_tools import protoc  # available in the build environment only

    well_known = str(importlib.resources.files("grpc_tools") / "_proto")
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "own.binpb"
        sources = sorted(str(path) for path in directory.glob("*.proto"))
        if protoc.main(["protoc", f"-I{directory}", f"-I{well_known}", f"--descriptor_set_out={out}", *sources]):
            raise RuntimeError(f"protoc refused one of {sources}")
        return out.read_bytes()


def descriptor_set(own_protos: Path) -> bytes:
    """One serialised FileDescriptorSet: Envoy's API roots, their imports, and the project's own files."""
    from google.protobuf import descriptor_pb2

    files: dict[str, Any] = {}
    for root in ROOTS:
        collect(importlib.import_module(root).DESCRIPTOR, files)
    result = descriptor_pb2.FileDescriptorSet()
    for file in files.values():
        file.CopyToProto(result.file.add())
    own = descriptor_pb2.FileDescriptorSet.FromString(compile_own(own_protos))
    known = set(files)
    result.file.extend(file for file in own.file if file.name not in known)
    return result.SerializeToString(deterministic=True)


def linked_files(root: Path, name: str) -> dict[str, str]:
    """Files below a directory and their places in a wheel, one by one: a walk of hatchling's visits what several
    symbolic links lead to only once."""
    found = (Path(directory, file) for directory, _, files in os.walk(root / name, followlinks=True) for file in files)
    return {str(path): f"isthmus/_data/{path.relative_to(root).as_posix()}" for path in found}


class DescriptorHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs for wheels and for editable installs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        target = root / "src" / "isthmus" / "protos" / "xds.binpb"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(descriptor_set(root / "build_support" / "protos"))
        if self.target_name == "wheel" and version == "standard":
            build_data["force_include"].update(linked_files(root, "install"))

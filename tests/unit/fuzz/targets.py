"""Every parser of things from outside, as a function of bytes that may only return or refuse.

A refusal is an exception of the parser's own kind. Anything else that comes out is a finding: keep the input in
``corpus/<target>/`` under a name that says what it is, and mend the parser.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from isthmus.agent.dns_message import Addresses, DnsError, address_response, failure_response, parse_query
from isthmus.agent.environment import _json_object
from isthmus.agent.probes import http_call, parse_probes
from isthmus.agent.proxy_config import DEFAULTS, merge, parse_layer, proxy_config
from isthmus.api import mesh_config_layers, mesh_networks
from isthmus.api.core_pod import Pod
from isthmus.api.core_secret import Secret
from isthmus.api.core_service import Service
from isthmus.api.virtual_service import VirtualService
from isthmus.ca.errors import SigningError
from isthmus.ca.selfsigned import RootProfile, create_root
from isthmus.ca.signing import sign_workload
from isthmus.gotemplate import TemplateError, render
from isthmus.inject import webhook
from isthmus.inject.configuration import InjectorConfig, parse_config, parse_values
from isthmus.inject.errors import InjectionError
from isthmus.inject.path import environment
from isthmus.inject.settings import InjectionSettings
from isthmus.kube.access import parse_remote
from isthmus.kube.errors import AccessError
from isthmus.kube.events import EventDecoder, LineSplitter
from isthmus.model.identity import SpiffeId
from isthmus.process.http_messages import HttpError, content_length, parse_head, parse_request
from isthmus.process.variables import SettingError, Variables
from isthmus.rpc.refusal import Refused
from isthmus.validation import admission
from isthmus.xds.delta import DeltaSession
from isthmus.xds.node import parse_node
from isthmus.xds.requests import Limits, parse_delta, parse_sotw
from isthmus.xds.resources import Lookup
from isthmus.xds.session import Moment
from isthmus.xds.sotw import SotwSession

_CHARTS = Path(__file__).parents[3] / "charts"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Target:
    """``refusals`` are the exceptions that it may raise."""

    run: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...] = ()


class _Nothing:
    def wildcard(self, type_url: str) -> Mapping[str, Any]:
        return {}

    def named(self, type_url: str, names: Any) -> Mapping[str, Any]:
        return {}


def _ads(parse: Callable[[bytes, Limits], Any], session: Callable[[Limits], Any]) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        request = parse(data, Limits(names=1000))
        if request.node is not None:
            node = parse_node(request.node)
            node.network_view, node.dns_capture, node.pod_ports, node.is_proxy  # noqa: B018
        stream = session(Limits(names=1000))
        for _ in range(2):
            stream.receive(request)
            lookup: Lookup = _Nothing()
            for _ in range(10):
                stream.next(lookup, Moment())

    return run


@functools.cache
def _bundle() -> Any:
    return create_root(RootProfile(), NOW)


def _csr(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    sign_workload(text, (SpiffeId("cluster.local", "shop", "web"),), timedelta(hours=1), _bundle(), NOW)


@functools.cache
def _injection() -> InjectionSettings:
    template = (_CHARTS / "istiod" / "files" / "injection-template.yaml").read_text()
    values = {"global": {"proxy": {"image": "proxyv2"}, "hub": "h", "tag": "t"}}
    return InjectionSettings(config=InjectorConfig(templates={"sidecar": template}), values=values)


def _injected(data: bytes) -> None:
    webhook.review(data, _injection)


def _kubeconfig(data: bytes) -> None:
    parse_remote(data)


def _mesh_config(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    layer, problems = mesh_config_layers.layer(text)
    mesh_config_layers.mesh_config((layer,))
    mesh_networks.parse(text)
    _shown(problems)


def _injector(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for parse in (parse_config, parse_values):
        try:
            parse(text)
        except InjectionError as error:
            _shown(error)


def _proxy_config(data: bytes) -> None:
    layer = parse_layer(data.decode("utf-8", "replace"), "annotation")
    proxy_config(merge(DEFAULTS, layer))


def _dns(data: bytes) -> None:
    query = parse_query(data)
    failure_response(query)
    found = Addresses(("a.example",), ("10.0.0.1",) if query.type == 1 else ())
    assert len(address_response(query, found, 65_535)) <= 65_535


def _http(data: bytes) -> None:
    for parse in (parse_request, parse_head):
        try:
            content_length(parse(data).headers)
        except HttpError as error:
            _shown(error)


def _probes(data: bytes) -> None:
    found = _json_object(
        Variables({"ISTIO_KUBE_APP_PROBERS": data.decode("utf-8", "replace")}), "ISTIO_KUBE_APP_PROBERS"
    )
    for probe in parse_probes(found).values():
        if probe.http is not None:
            http_call(probe.http, "10.0.0.1", {"host": "x"})


def _template_values(data: bytes) -> None:
    values = parse_values(data.decode("utf-8", "replace"))
    render(_EXPRESSIONS, {"Values": values, "v": values.get("v")})


_EXPRESSIONS = """
{{ .Values | toYaml | nindent 2 }}{{ toJson .v }}{{ .v | quote }}{{ default 1 .v }}
{{ printf "%v %s %d %q" .v .v .v .v }}
{{ range $k, $v := .Values }}{{ $k }}{{ $v | toJson }}{{ end }}{{ with .Values.a }}{{ .b }}{{ end }}
{{ .v | toString | trunc 63 | lower | b64enc | indent 2 }}{{ hasKey .Values "a" }}{{ get .Values "a" }}
"""


def _watch(data: bytes) -> None:
    """What an API server sends: objects that do not fit are set aside, one by one."""
    lines = LineSplitter().feed(data + b"\n")
    for kind in (Pod, Service, Secret, VirtualService):
        rejected: list[Exception] = []
        EventDecoder(kind, lambda _, error, kept=rejected: kept.append(error)).decode(lines)
        _shown(rejected)


def _injection_path(data: bytes) -> None:
    environment(data.decode("utf-8", "replace"))


def _shown(problem: object) -> None:
    """A message that can be written to a log, and does not grow with the input beyond reason."""
    str(problem).encode("utf-8", "backslashreplace")


TARGETS: Mapping[str, Target] = {
    "ads_delta": Target(_ads(parse_delta, DeltaSession), (Refused,)),
    "ads_sotw": Target(_ads(parse_sotw, SotwSession), (Refused,)),
    "csr": Target(_csr, (SigningError,)),
    "admission_injection": Target(_injected, (webhook.MalformedReviewError,)),
    "admission_validation": Target(admission.review, (admission.MalformedReviewError,)),
    "kubeconfig": Target(_kubeconfig, (AccessError,)),
    "mesh_config": Target(_mesh_config),
    "injector_config": Target(_injector),
    "proxy_config": Target(_proxy_config, (SettingError,)),
    "dns": Target(_dns, (DnsError,)),
    "http": Target(_http),
    "probes": Target(_probes, (SettingError, ValueError)),
    "template_values": Target(_template_values, (TemplateError, InjectionError)),
    "watch": Target(_watch, (msgspec.DecodeError,)),
    "injection_path": Target(_injection_path),
}


def attempt(name: str, data: bytes) -> str:
    """The refusal, or nothing."""
    target = TARGETS[name]
    try:
        target.run(data)
    except target.refusals as refusal:
        _shown(refusal)
        return f"{type(refusal).__name__}: {refusal}"
    return ""

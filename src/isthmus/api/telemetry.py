"""Telemetry: traces, metrics and access logs of workloads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from isthmus.api.definition import AGE, Definition
from isthmus.api.selector import LabelSelector, PolicyTargetReference, TargetReferences
from isthmus.api.wire import Duration, Groups, Wire

WorkloadMode = Literal["CLIENT_AND_SERVER", "CLIENT", "SERVER"]
MetricName = Literal[
    "ALL_METRICS",
    "REQUEST_COUNT",
    "REQUEST_DURATION",
    "REQUEST_SIZE",
    "RESPONSE_SIZE",
    "TCP_OPENED_CONNECTIONS",
    "TCP_CLOSED_CONNECTIONS",
    "TCP_SENT_BYTES",
    "TCP_RECEIVED_BYTES",
    "GRPC_REQUEST_MESSAGES",
    "GRPC_RESPONSE_MESSAGES",
]


class ProviderRef(Wire, frozen=True, kw_only=True):
    """A provider.

    name: Name of the provider in the mesh settings.
    """

    name: Annotated[str, Meta(min_length=1)]


class LiteralTag(Wire, frozen=True, kw_only=True):
    """A fixed value.

    value: The value.
    """

    value: Annotated[str, Meta(min_length=1)]


class EnvironmentTag(Wire, frozen=True, kw_only=True):
    """A value from the proxy's environment.

    name: Name of the variable.
    defaultValue: Value when it is not set.
    """

    name: Annotated[str, Meta(min_length=1)]
    default_value: str = ""


class HeaderTag(Wire, frozen=True, kw_only=True):
    """A value from a request header.

    name: Name of the header.
    defaultValue: Value when it is missing.
    """

    name: Annotated[str, Meta(min_length=1)]
    default_value: str = ""


class FormatterTag(Wire, frozen=True, kw_only=True):
    """A value in access log syntax.

    value: The format.
    """

    value: Annotated[str, Meta(min_length=1)]


class CustomTag(Wire, frozen=True, kw_only=True):
    """A tag of spans.

    literal: A fixed value.
    environment: From the proxy's environment.
    header: From a request header.
    formatter: In access log syntax.
    """

    at_most_one: ClassVar[Groups] = (("literal", "environment", "header", "formatter"),)

    literal: LiteralTag | None = None
    environment: EnvironmentTag | None = None
    header: HeaderTag | None = None
    formatter: FormatterTag | None = None


class ModeSelector(Wire, frozen=True, kw_only=True):
    """Which side of calls.

    mode: The side.
    """

    mode: WorkloadMode = "CLIENT_AND_SERVER"


class Tracing(Wire, frozen=True, kw_only=True):
    """Traces.

    match: Which side of calls.
    providers: Where spans go; at most one.
    randomSamplingPercentage: Share of requests, 0 to 100.
    disableSpanReporting: Send no spans.
    customTags: Tags of spans, by name.
    useRequestIdForTraceSampling: Sample by the request id.
    enableIstioTags: Add the mesh's own tags.
    disableContextPropagation: Forward no trace headers.
    """

    match: ModeSelector | None = None
    providers: tuple[ProviderRef, ...] = ()
    random_sampling_percentage: Annotated[float, Meta(ge=0, le=100)] | None = None
    disable_span_reporting: bool | None = None
    custom_tags: Mapping[str, CustomTag] = {}
    use_request_id_for_trace_sampling: bool | None = None
    enable_istio_tags: bool | None = None
    disable_context_propagation: bool | None = None


class MetricSelector(Wire, frozen=True, kw_only=True):
    """Which metrics.

    metric: One of the mesh's metrics.
    customMetric: A metric of another name.
    mode: Which side of calls.
    """

    at_most_one: ClassVar[Groups] = (("metric", "customMetric"),)

    metric: MetricName | None = None
    custom_metric: Annotated[str, Meta(min_length=1)] | None = None
    mode: WorkloadMode = "CLIENT_AND_SERVER"


class TagOverride(Wire, frozen=True, kw_only=True):
    """A change to a tag.

    operation: Set or remove.
    value: A CEL expression; with UPSERT only.
    """

    operation: Literal["UPSERT", "REMOVE"] = "UPSERT"
    value: str = ""


class MetricsOverride(Wire, frozen=True, kw_only=True):
    """A change to metrics.

    match: Which metrics; all when not set.
    disabled: Do not report.
    tagOverrides: Changes to tags, by name.
    """

    match: MetricSelector | None = None
    disabled: bool | None = None
    tag_overrides: Mapping[str, TagOverride] = {}


class Metrics(Wire, frozen=True, kw_only=True):
    """Metrics.

    providers: Where metrics go.
    overrides: Changes, applied in order.
    reportingInterval: Time between reports of open TCP connections.
    """

    providers: tuple[ProviderRef, ...] = ()
    overrides: tuple[MetricsOverride, ...] = ()
    reporting_interval: Duration | None = None


class LogFilter(Wire, frozen=True, kw_only=True):
    """Which requests are logged.

    expression: A CEL expression.
    """

    expression: str = ""


class AccessLogging(Wire, frozen=True, kw_only=True):
    """Access logs.

    match: Which side of calls.
    providers: Where lines go.
    disabled: Do not log.
    filter: Which requests are logged.
    """

    match: ModeSelector | None = None
    providers: tuple[ProviderRef, ...] = ()
    disabled: bool | None = None
    filter: LogFilter | None = None


class Telemetry(Wire, frozen=True, kw_only=True):
    """What workloads report.

    selector: Workloads that this is for; the whole namespace when not set (the whole mesh in its root).
    targetRef: Use targetRefs.
    targetRefs: Gateways or services that this is for.
    tracing: Traces.
    metrics: Metrics.
    accessLogging: Access logs.
    """

    at_most_one: ClassVar[Groups] = (("selector", "targetRef", "targetRefs"),)

    selector: LabelSelector | None = None
    target_ref: PolicyTargetReference | None = None
    target_refs: TargetReferences = ()
    tracing: tuple[Tracing, ...] = ()
    metrics: tuple[Metrics, ...] = ()
    access_logging: tuple[AccessLogging, ...] = ()


DEFINITION = Definition(
    group="telemetry.istio.io",
    kind="Telemetry",
    plural="telemetries",
    spec=Telemetry,
    versions=("v1alpha1", "v1"),
    storage="v1alpha1",
    short_names=("telemetry",),
    categories=("istio-io", "telemetry-istio-io"),
    columns=(AGE,),
    spec_required=False,
)

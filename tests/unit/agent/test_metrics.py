"""The pod's page of metrics."""

from __future__ import annotations

import pytest

from isthmus.agent.agent_metrics import AgentMetrics
from isthmus.agent.metrics import MergedMetrics, Target, parse_targets
from isthmus.process.http_messages import Request
from isthmus.process.http_server import Response, listen, serve


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, ()),
        ({"scrape": "false", "port": "8080"}, ()),
        ({"scrape": "true"}, (Target(80, "/metrics"),)),
        ({"scrape": "true", "port": "8080", "path": "m"}, (Target(8080, "/m"),)),
        ({"scrape": "true", "port": "15020"}, ()),
        (
            {"scrape": "true", "port": "1", "targets": [{"port": "8081", "path": "/a"}, {"port": "15090"}]},
            (Target(8081, "/a"),),
        ),
    ],
)
def test_the_applications_pages_are_read_from_the_injectors_record(record, expected):
    assert parse_targets(record) == expected


async def page_of(envoy: bytes) -> bytes:
    async def handle(request: Request) -> Response:
        return Response(200, envoy)

    listener = listen(0)
    server = await serve(handle, listener)
    metrics = MergedMetrics(AgentMetrics("1", lambda: 0.0, lambda: 2), listener.getsockname()[1], (Target(1, "/m"),))
    body = (await metrics.handle(Request("GET", "/metrics"))).body
    assert not isinstance(body, bytes)
    pieces = [piece async for piece in body]
    server.close()
    await server.wait_closed()
    return b"".join(pieces)


async def test_the_meshs_own_metrics_lose_envoys_prefix_and_keep_their_labels():
    envoy = (
        b"# TYPE envoy_istio_requests_total counter\n"
        b'envoy_istio_requests_total{path="envoy_istio_x"} 3\n'
        b"envoy_cluster_istio_thing 4\n"
    )
    page = await page_of(envoy)
    assert b"# TYPE istio_requests_total counter\n" in page
    assert b'\nistio_requests_total{path="envoy_istio_x"} 3\n' in page
    assert b"envoy_cluster_istio_thing 4\n" in page


async def test_a_long_page_without_final_newline_arrives_line_by_line():
    lines = [b"envoy_istio_%d 1" % index for index in range(20000)]
    page = await page_of(b"\n".join(lines))
    assert b"envoy_istio" not in page
    assert page.count(b"\nistio_") >= len(lines) - 1


async def test_a_source_that_does_not_answer_is_counted():
    page = await page_of(b"")
    assert b'istio_agent_scrape_failures_total{type="application"} 1' in page
    assert b"istio_agent_num_failed_outgoing_requests 2" in page

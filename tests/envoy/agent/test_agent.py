"""The agent as a process beside a real Envoy, with a certificate authority and ADS server of the test."""

from __future__ import annotations

import asyncio
import json
import ssl

import dns.asyncquery
import dns.message
import pytest
from agent_authority import Authority
from agent_control_plane import LISTENERS, NAMES, free_port, mutual_tls_listener, name_table
from agent_process import write_projected
from cryptography import x509
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from isthmus.process.http_client import Call, fetch

EXPIRY = b'istio_agent_cert_expiry_seconds{resource_name="default"}'


async def test_a_pod_becomes_ready_with_a_certificate_of_its_own_identity(serving, start_agent):
    serving.plane.resources[LISTENERS] = [mutual_tls_listener(free_port())]
    async with start_agent(serving.port) as agent:
        await agent.ready()
        names = serving.plane.signed[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert [name.value for name in names] == ["spiffe://cluster.local/ns/sample/sa/app"]
        leaf = await agent.until_certificate(lambda leaf: bool(leaf))
        assert leaf["subject_alt_names"] == [{"uri": "spiffe://cluster.local/ns/sample/sa/app"}]
        assert serving.plane.streams[0]["clusterid"] == "cluster1"
        assert serving.plane.nodes[0].id == "sidecar~127.0.0.1~app-1.sample~sample.svc.cluster.local"


async def test_a_pod_that_is_told_to_shows_its_certificate_to_the_control_plane(serving, start_agent, authority):
    serving.context.load_verify_locations(cadata=authority.pem)
    serving.context.verify_mode = ssl.CERT_OPTIONAL
    async with start_agent(serving.port, {"XDS_CLIENT_CERTIFICATE": "true"}):
        await serving.plane.until(lambda: bool(serving.plane.open_streams))
        (stream,) = serving.plane.open_streams
        assert ("URI", "spiffe://cluster.local/ns/sample/sa/app") in stream.peer.cert()["subjectAltName"]


async def test_a_pod_is_not_ready_before_its_configuration(serving, start_agent):
    serving.plane.answering.clear()
    async with start_agent(serving.port) as agent:
        await serving.plane.until(lambda: bool(serving.plane.streams))
        refusal = await agent.answer("status", "/healthz/ready", lambda answer: answer.status == 503)
        await agent.answer("status", "/healthz/ready", lambda answer: b"not received" in answer.body)
        assert refusal.status == 503
        serving.plane.answering.set()
        await agent.ready()


async def test_what_a_pod_waits_for_is_said_before_envoy_listens(serving, start_agent):
    serving.plane.answering.clear()
    async with start_agent(serving.port) as agent:
        waiting = await agent.answer("envoy_status", "/healthz/ready", lambda answer: b"not received" in answer.body)
        assert waiting.status == 503
        serving.plane.answering.set()
        await agent.answer(
            "envoy_status", "/healthz/ready", lambda answer: "x-envoy-upstream-service-time" in answer.headers
        )


async def test_a_pod_is_not_ready_before_its_certificate(serving, start_agent):
    serving.plane.resources[LISTENERS] = [mutual_tls_listener(free_port())]
    serving.plane.signing_error = GRPCError(Status.UNAUTHENTICATED, "request authenticate failure")
    async with start_agent(serving.port) as agent:
        waiting = await agent.answer("status", "/healthz/ready", lambda answer: b"INITIALIZING" in answer.body)
        assert waiting.status == 503
        serving.plane.signing_error = None
        await agent.ready()


async def test_envoy_takes_each_renewed_certificate(serving, start_agent):
    serving.plane.resources[LISTENERS] = [mutual_tls_listener(free_port())]
    always = {"SECRET_GRACE_PERIOD_RATIO": "1"}
    async with start_agent(serving.port, always) as agent:
        await agent.ready()
        first = await agent.until_certificate(lambda leaf: bool(leaf))
        await agent.until_certificate(lambda leaf: leaf["serial_number"] != first["serial_number"])


async def test_the_certificate_stays_in_use_while_the_authority_refuses(serving, start_agent):
    port = free_port()
    serving.plane.resources[LISTENERS] = [mutual_tls_listener(port)]
    always = {"SECRET_GRACE_PERIOD_RATIO": "1"}
    async with start_agent(serving.port, always) as agent:
        await agent.ready()
        serving.plane.signing_error = GRPCError(Status.UNAVAILABLE, "not now")
        failed = b"istio_agent_num_failed_outgoing_requests"
        await agent.answer("status", "/metrics", lambda answer: _metric(answer.body, failed) >= 2)
        assert (await fetch(Call("127.0.0.1", port, "/", tls=True), 5)).body == b"hello"
        used = await agent.until_certificate(lambda leaf: bool(leaf))
        serving.plane.signing_error = None
        await agent.until_certificate(lambda leaf: leaf["serial_number"] != used["serial_number"])


async def test_a_rotated_token_is_shown_by_envoy_and_by_the_agent(serving, start_agent):
    serving.plane.resources[LISTENERS] = [mutual_tls_listener(free_port())]
    always = {"SECRET_GRACE_PERIOD_RATIO": "1"}
    async with start_agent(serving.port, always) as agent:
        await agent.ready()
        serving.plane.accepted_tokens = {"second-token"}
        agent.write_token("second-token")
        streams = len(serving.plane.streams)
        await serving.plane.end_streams()
        await serving.plane.until(lambda: len(serving.plane.streams) > streams)
        assert serving.plane.streams[-1]["authorization"] == "Bearer second-token"
        signed = len(serving.plane.signed)
        await serving.plane.until(lambda: len(serving.plane.signed) > signed)


async def test_a_rotated_root_is_taken_up_before_the_control_plane_changes_its_certificate(
    serving, start_agent, root_directory
):
    serving.plane.resources[LISTENERS] = [mutual_tls_listener(free_port())]
    second = Authority("second")
    always = {"SECRET_GRACE_PERIOD_RATIO": "1"}
    async with start_agent(serving.port, always) as agent:
        await agent.ready()
        agent.write_root(serving.plane.authority.pem + second.pem)
        await agent.answer("admin", "/certs", lambda answer: _authorities(answer.body) == 2)
        serving.context.load_cert_chain(second.server_chain(root_directory))
        serving.plane.authority = second
        streams, signed = len(serving.plane.streams), len(serving.plane.signed)
        await serving.plane.end_connections()
        await serving.plane.until(lambda: len(serving.plane.streams) > streams)
        await serving.plane.until(lambda: len(serving.plane.signed) > signed)


async def test_a_control_plane_of_another_root_is_never_shown_the_token(serving, start_agent, root_directory):
    serving.context.load_cert_chain(Authority("stranger").server_chain(root_directory))
    async with start_agent(serving.port) as agent:
        failed = b"istio_agent_num_failed_outgoing_requests"
        await agent.answer("status", "/metrics", lambda answer: _metric(answer.body, failed) >= 2)
        assert serving.plane.streams == []
        assert serving.plane.signed == []


async def test_a_proxy_that_is_told_to_drain_is_not_ready_but_serves_on(serving, start_agent):
    port = free_port()
    serving.plane.resources[LISTENERS] = [mutual_tls_listener(port)]
    async with start_agent(serving.port) as agent:
        await agent.ready()
        assert (await agent.get("status", "/drain", "POST")).status == 200
        assert b"draining" in (await agent.get("status", "/healthz/ready")).body
        assert (await fetch(Call("127.0.0.1", port, "/", tls=True), 5)).body == b"hello"


async def test_a_terminating_proxy_waits_for_its_last_connection(serving, start_agent):
    port = free_port()
    serving.plane.resources[LISTENERS] = [mutual_tls_listener(port)]
    patient = {"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true", "MINIMUM_DRAIN_DURATION": "0s"}
    async with start_agent(serving.port, patient) as agent:
        await agent.ready()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" in await reader.readline()
        agent.process.terminate()
        await agent.answer("status", "/healthz/ready", lambda answer: b"draining" in answer.body)
        assert agent.process.returncode is None
        writer.close()
        assert await agent.process.wait() == 0


async def test_the_agent_ends_with_envoy_and_its_status(serving, start_agent):
    async with start_agent(serving.port) as agent:
        await agent.ready()
        await agent.get("admin", "/quitquitquit", "POST")
        assert await agent.process.wait() == 0


async def test_a_wrong_setting_ends_the_agent_with_a_message(serving, start_agent, capfd):
    async with start_agent(serving.port, {"SECRET_TTL": "soon"}) as agent:
        assert await agent.process.wait() == 2
    assert "isthmus-agent proxy: SECRET_TTL: 'soon' is not a duration" in capfd.readouterr().err


async def test_quitting_and_draining_are_for_posts_from_the_pod(serving, start_agent):
    async with start_agent(serving.port) as agent:
        await agent.ready()
        assert (await agent.get("status", "/drain")).status == 405
        assert (await agent.get("status", "/nosuch")).status == 404
        assert (await agent.get("status", "/quitquitquit", "POST")).status == 200
        assert await agent.process.wait() == 0


@pytest.mark.parametrize("path", ["/stats/prometheus", "/metrics"])
async def test_metrics_of_agent_envoy_and_application_are_one_page(serving, start_agent, application, path):
    record = {"scrape": "true", "port": str(application.port), "path": "/metrics"}
    async with start_agent(serving.port, {"ISTIO_PROMETHEUS_ANNOTATIONS": json.dumps(record)}) as agent:
        await agent.ready()
        page = (await agent.get("status", path)).body
        assert b"envoy_server_live" in page
        assert b"application_requests_total 7" in page
        assert b"istio_agent_process_resident_memory_bytes" in page
        assert b"# EOF" not in page


async def test_probes_of_the_application_are_passed_on(serving, start_agent, application):
    base = {"port": application.port}
    probers = {
        "/app-health/web/livez": {"httpGet": {**base, "path": "/ok"}},
        "/app-health/web/readyz": {"httpGet": {**base, "path": "/broken"}, "timeoutSeconds": 2},
        "/app-health/web/startupz": {"tcpSocket": base},
        "/app-health/grpc/livez": {"grpc": {"port": application.grpc_port, "service": "up"}},
        "/app-health/grpc/readyz": {"grpc": {"port": application.grpc_port, "service": "down"}},
        "/app-lifecycle/web/prestopz": {"tcpSocket": {"port": free_port()}},
    }
    expected = dict(zip(probers, (200, 500, 200, 200, 500, 500), strict=True))
    async with start_agent(serving.port, {"ISTIO_KUBE_APP_PROBERS": json.dumps(probers)}) as agent:
        await agent.ready()
        found = {path: (await agent.get("status", path)).status for path in probers}
        assert found == expected
        assert (await agent.get("status", "/app-health/other/livez")).status == 404
    assert application.paths == ["/ok", "/broken"]


async def test_mounted_certificates_are_used_instead_of_the_authority(serving, start_agent, root_directory, authority):
    serving.plane.resources[LISTENERS] = [mutual_tls_listener(free_port())]
    mounted = root_directory / "var/run/secrets/workload-spiffe-credentials"
    write_projected(mounted, authority.workload_files("spiffe://cluster.local/ns/sample/sa/mounted"))
    async with start_agent(serving.port) as agent:
        await agent.ready()
        leaf = await agent.until_certificate(lambda leaf: bool(leaf))
        assert leaf["subject_alt_names"] == [{"uri": "spiffe://cluster.local/ns/sample/sa/mounted"}]
        write_projected(mounted, authority.workload_files("spiffe://cluster.local/ns/sample/sa/mounted"))
        await agent.until_certificate(lambda other: other["serial_number"] != leaf["serial_number"])
        assert serving.plane.signed == []


async def test_certificates_are_copied_for_an_application_that_asks(serving, start_agent, root_directory, authority):
    async with start_agent(serving.port, {"OUTPUT_CERTS": "certs"}) as agent:
        await agent.ready()
        await serving.plane.until(lambda: bool(serving.plane.signed))
        await agent.answer("status", "/metrics", lambda answer: _metric(answer.body, EXPIRY) > 0)
        names = {path.name for path in (root_directory / "certs").iterdir()}
        assert names == {"cert-chain.pem", "key.pem", "root-cert.pem"}
        assert (root_directory / "certs/key.pem").stat().st_mode & 0o777 == 0o600
        assert (root_directory / "certs/root-cert.pem").read_text() == authority.pem


async def test_names_are_answered_from_the_control_planes_table_and_its_successors(serving, start_agent):
    serving.plane.resources[NAMES] = [name_table(web="10.0.0.1")]
    port = free_port()
    captured = {"ISTIO_META_DNS_CAPTURE": "true", "DNS_PROXY_ADDR": f"localhost:{port}"}
    async with start_agent(serving.port, captured) as agent:
        await agent.ready()
        await agent.answer("status", "/debug/ndsz", lambda answer: b"10.0.0.1" in answer.body)
        assert await _resolved("web.sample.", port) == ["10.0.0.1"]
        assert {node.id for node in serving.plane.nodes} == {"sidecar~127.0.0.1~app-1.sample~sample.svc.cluster.local"}
        serving.plane.resources[NAMES] = [name_table(web="10.0.0.2")]
        await serving.plane.end_streams()
        await agent.answer("status", "/debug/ndsz", lambda answer: b"10.0.0.2" in answer.body)
        assert await _resolved("web.", port) == ["10.0.0.2"]


async def _resolved(name: str, port: int) -> list[str]:
    answer = await dns.asyncquery.udp(dns.message.make_query(name, "A"), "127.0.0.1", port=port, timeout=5)
    return [record.address for record in answer.answer[0]]


def _metric(page: bytes, name: bytes) -> float:
    lines = (line.rsplit(b" ", 1) for line in page.splitlines() if not line.startswith(b"#"))
    return next((float(words[1]) for words in lines if words[0] == name), 0.0)


def _authorities(certs: bytes) -> int:
    entries = json.loads(certs)["certificates"]
    return len({root["serial_number"] for entry in entries for root in entry.get("ca_cert", ())})

"""The agent as a process beside a real Envoy, with a certificate authority and ADS server of the test."""

from __future__ import annotations

from cryptography import x509


async def test_a_pod_becomes_ready_with_a_certificate_of_its_own_identity(serving, start_agent):
    async with start_agent(serving.port) as agent:
        await agent.ready()
        await serving.plane.until(lambda: bool(serving.plane.signed))
        names = serving.plane.signed[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert [name.value for name in names] == ["spiffe://cluster.local/ns/sample/sa/app"]
        assert serving.plane.streams[0]["clusterid"] == "cluster1"

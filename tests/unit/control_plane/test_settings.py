"""Settings from Istio's environment variables."""

from __future__ import annotations

import pytest

from isthmus.control_plane.addresses import Address
from isthmus.control_plane.settings import SettingsError, duration, from_environment


def test_istios_variables_are_understood() -> None:
    settings = from_environment(
        {
            "CLUSTER_ID": "cluster1",
            "REVISION": "canary",
            "EXTERNAL_ISTIOD": "true",
            "DEFAULT_WORKLOAD_CERT_TTL": "1h30m",
        }
    )
    assert (settings.cluster_id, settings.external, settings.workload_ttl) == ("cluster1", True, 5400.0)
    assert settings.mesh_config_map == "istio-canary"
    assert settings.discovery_address == "istiod-canary.istio-system.svc:15012"


def test_an_empty_webhook_name_switches_patching_off_and_other_empty_variables_mean_unset() -> None:
    settings = from_environment({"INJECTION_WEBHOOK_CONFIG_NAME": "", "CLUSTER_ID": ""})
    assert settings.injection_webhook == ""
    assert settings.cluster_id == "Kubernetes"


def test_a_wrong_value_names_its_variable_and_what_is_expected() -> None:
    with pytest.raises(SettingsError, match="DEFAULT_WORKLOAD_CERT_TTL='soon': expected a duration"):
        from_environment({"DEFAULT_WORKLOAD_CERT_TTL": "soon"})


@pytest.mark.parametrize(("text", "seconds"), [("24h", 86400.0), ("500ms", 0.5), ("1m30s", 90.0), ("0", 0.0)])
def test_durations_are_gos(text: str, seconds: float) -> None:
    assert duration(text) == seconds


def test_a_duration_without_a_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="duration"):
        duration("5")


def test_addresses_are_gos() -> None:
    assert Address.parse(":15010") == ("", 15010)
    assert Address.parse("127.0.0.1:0") == ("127.0.0.1", 0)
    assert Address.parse("[::1]:80") == ("::1", 80)
    assert Address.parse("") is None
    with pytest.raises(ValueError, match="not host:port"):
        Address.parse("localhost")


def test_virtual_hosts_are_sent_one_by_one_unless_told_not_to() -> None:
    assert from_environment({}).virtual_host_discovery
    assert not from_environment({"PILOT_ENABLE_VIRTUAL_HOST_DISCOVERY": "false"}).virtual_host_discovery

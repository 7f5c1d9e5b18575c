"""What Envoy's statistics say about readiness and open connections."""

from __future__ import annotations

from isthmus.agent.drain import count_active
from isthmus.agent.health import missing_configuration


def stats(cds: int, lds: int, refused: int = 0) -> str:
    return (
        f"cluster_manager.cds.update_rejected: {refused}\ncluster_manager.cds.update_success: {cds}\n"
        f"listener_manager.lds.update_rejected: 0\nlistener_manager.lds.update_success: {lds}\n"
    )


def test_accepted_clusters_and_listeners_are_enough():
    assert missing_configuration(stats(1, 1)) == ""
    assert missing_configuration(stats(3, 1, refused=2)) == "", "a later refusal leaves what was accepted"


def test_what_is_missing_is_named_with_its_reason():
    assert missing_configuration(stats(1, 0)) == ("no configuration yet: listeners not received from the control plane")
    assert missing_configuration("") == (
        "no configuration yet: clusters and listeners not received from the control plane"
    )
    assert "refused by Envoy" in missing_configuration(stats(0, 0, refused=1))


def test_only_connections_of_the_workload_count():
    text = (
        "listener.0.0.0.0_15006.downstream_cx_active: 3\nlistener.0.0.0.0_15021.downstream_cx_active: 5\n"
        "listener.[__]_15090.downstream_cx_active: 5\nlistener.admin.downstream_cx_active: 1\n"
        "listener.10.1.2.3_80.downstream_cx_active: 2\nserver.live: 1\n"
    )
    assert count_active(text, (15021, 15090)) == 5

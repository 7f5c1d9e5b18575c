"""What ``version`` prints."""

from click.testing import CliRunner

from isthmus import __version__
from isthmus.cli.version import ControlPlane, Proxy, Versions, release_of, to_plain, to_text, version


def test_without_a_cluster_only_the_client_is_shown() -> None:
    result = CliRunner().invoke(version, ["--remote=false"])
    assert result.output == f"client version: {__version__}\n"


def test_proxies_are_counted_by_version() -> None:
    planes = (ControlPlane("istiod-1", "default", "0.1.0"), ControlPlane("istiod-2", "default", "0.1.0"))
    proxies = (Proxy("a.x", "0.1.0"), Proxy("b.x", "0.1.0"), Proxy("c.x", "0.0.9"))
    assert to_text(Versions("0.1.0", planes, proxies), remote=True) == (
        "client version: 0.1.0\ncontrol plane version: 0.1.0\ndata plane version: 0.0.9 (1 proxy), 0.1.0 (2 proxies)\n"
    )


def test_a_cluster_that_does_not_answer_does_not_hide_the_clients_version() -> None:
    text = to_text(Versions("0.1.0", problem="https://192.0.2.1 did not answer in time"), remote=True)
    assert text == (
        "client version: 0.1.0\ncontrol plane version: unknown\n(https://192.0.2.1 did not answer in time)\n"
    )


def test_the_structure_has_istioctls_keys() -> None:
    plane, proxy = ControlPlane("istiod-1", "canary", "0.1.0"), Proxy("a.x", "0.1.0")
    assert to_plain(Versions("0.1.0", (plane,), (proxy,)), remote=True) == {
        "clientVersion": {"version": "0.1.0"},
        "meshVersion": [{"Component": "pilot", "Revision": "canary", "Info": {"version": "0.1.0"}}],
        "dataPlaneVersion": [{"ID": "a.x", "IstioVersion": "0.1.0"}],
    }


def test_the_commit_is_left_out_of_a_release() -> None:
    assert release_of("1.24.0-0ba7b8e-Clean\n") == "1.24.0"
    assert release_of("1.25-alpha.1-0ba7b8e-Modified") == "1.25-alpha.1"
    assert release_of("0.1.0") == "0.1.0"

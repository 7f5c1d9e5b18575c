"""What all commands that talk to a cluster share."""

import click
import pytest
import structlog
from click.testing import CliRunner

from isthmus.cli.options import Target, cluster_options, run
from isthmus.kube.errors import AccessError


@click.command()
@cluster_options
def show(target: Target) -> None:
    click.echo(f"{target.kubeconfig}|{target.context}|{target.namespace}|{target.istio_namespace}")


def test_the_options_have_istioctls_names() -> None:
    arguments = ["-c", "file", "--context", "c1", "-n", "sample", "-i", "mesh"]
    assert CliRunner().invoke(show, arguments).output == "file|c1|sample|mesh\n"
    assert CliRunner().invoke(show, []).output == "|||istio-system\n"
    assert CliRunner().invoke(show, [], env={"ISTIO_NAMESPACE": "other"}).output == "|||other\n"


def test_an_error_of_a_cluster_is_a_message_and_no_traceback() -> None:
    async def fail() -> None:
        raise AccessError("no kubeconfig")

    with pytest.raises(click.ClickException) as caught:
        run(fail())
    assert caught.value.message == "no kubeconfig"


def test_logs_stay_out_of_what_is_piped(capsys: pytest.CaptureFixture[str]) -> None:
    former = structlog.get_config()

    async def work() -> None:
        structlog.get_logger().warning("trying again")
        structlog.get_logger().info("a detail")

    run(work())
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "trying again" in captured.err
    assert "a detail" not in captured.err
    assert structlog.get_config() == former

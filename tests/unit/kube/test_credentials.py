"""Credentials that change while they are used."""

import asyncio
import io
import sys
from pathlib import Path

import msgspec
import pytest

from isthmus.kube.access import Access
from isthmus.kube.credentials import Credential, Plugin, TokenFile, exec_info, plugin_credential
from isthmus.kube.errors import AccessError
from isthmus.kube.kubeconfig import ExecEnv, ExecSpec

ACCESS = Access(server="https://c1:6443", ca_pem=b"CA", tls_server_name="c1")
V1 = "client.authentication.k8s.io/v1"


class Clock:
    def __init__(self) -> None:
        self.now = 1_767_322_000.0

    def __call__(self) -> float:
        return self.now


async def test_a_token_file_is_read_again_after_a_while(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "token"
    path.write_text("one\n")
    source = TokenFile(str(path), Credential(), clock)
    assert (await source.current()).token == "one"
    path.write_text("two")
    assert (await source.current()).token == "one"
    clock.now += 11
    assert (await source.current()).token == "two"


async def test_a_refused_token_is_read_again_at_once(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("one")
    source = TokenFile(str(path), Credential(), Clock())
    await source.current()
    path.write_text("two")
    source.refused()
    assert (await source.current()).token == "two"


async def test_the_last_token_is_used_while_its_file_is_missing_or_empty(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "token"
    path.write_text("one")
    source = TokenFile(str(path), Credential(), clock)
    await source.current()
    path.unlink()
    clock.now += 11
    assert (await source.current()).token == "one"
    path.write_text("")
    clock.now += 11
    assert (await source.current()).token == "one"


async def test_a_token_file_that_was_never_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match=r"token file .*token cannot be read"):
        await TokenFile(str(tmp_path / "token"), Credential(), Clock()).current()


def answer(token: str = "t", expires: str = "", **more: str) -> str:
    status = {"token": token, **({"expirationTimestamp": expires} if expires else {}), **more}
    return msgspec.json.encode({"apiVersion": V1, "kind": "ExecCredential", "status": status}).decode()


def script(tmp_path: Path, code: str) -> ExecSpec:
    program = tmp_path / "plugin.py"
    program.write_text(code)
    return ExecSpec(command=sys.executable, args=(str(program),), env=(ExecEnv("GREETING", "hello"),))


async def test_a_plug_in_runs_once_until_its_credential_ends(tmp_path: Path) -> None:
    count = tmp_path / "count"
    code = (
        "import os\n"
        f"with open({str(count)!r}, 'a') as f: f.write('x')\n"
        f"print({answer(expires='2026-01-02T03:04:05Z')!r}.replace('\"t\"', '\"' + os.environ['GREETING'] + '\"'))\n"
    )
    clock = Clock()
    clock.now = 1_767_323_045.0 - 60  # a minute before the end
    plugin = Plugin(script(tmp_path, code), ACCESS, clock)
    first, second = await asyncio.gather(plugin.current(), plugin.current())
    assert first == second
    assert first.token == "hello"
    assert count.read_text() == "x"
    clock.now += 51
    await plugin.current()
    assert count.read_text() == "xx"
    plugin.refused()
    await plugin.current()
    assert count.read_text() == "xxx"


async def test_a_plug_in_is_told_about_the_cluster_when_it_asks(tmp_path: Path) -> None:
    spec = script(tmp_path, "")
    assert "cluster" not in msgspec.json.decode(exec_info(spec, ACCESS, interactive=False))["spec"]
    asking = msgspec.structs.replace(spec, provide_cluster_info=True)
    info = msgspec.json.decode(exec_info(asking, ACCESS, interactive=False))
    assert info["apiVersion"] == V1
    assert info["spec"] == {
        "interactive": False,
        "cluster": {
            "server": "https://c1:6443",
            "tls-server-name": "c1",
            "certificate-authority-data": "Q0E=",
        },
    }


async def test_a_plug_in_that_fails_or_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="ended with status 3"):
        await Plugin(script(tmp_path, "raise SystemExit(3)"), ACCESS).current()
    missing = ExecSpec(command="/nowhere/login", install_hint="Install it with apt.")
    with pytest.raises(AccessError, match=r"/nowhere/login: No such file or directory\nInstall it with apt"):
        await Plugin(missing, ACCESS).current()


async def test_a_plug_in_that_insists_on_a_terminal_is_refused_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    spec = msgspec.structs.replace(script(tmp_path, ""), interactive_mode="Always")
    with pytest.raises(AccessError, match="needs a terminal"):
        await Plugin(spec, ACCESS).current()


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("not json", "printed no ExecCredential"),
        ('{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential"}', "but the kubeconfig says"),
        (answer(token=""), "neither a token nor a client certificate"),
        (answer(token="", clientCertificateData="x"), "neither a token nor a client certificate"),
    ],
)
def test_an_answer_that_is_no_credential_is_refused(output: str, message: str) -> None:
    with pytest.raises(AccessError, match=message):
        plugin_credential(output.encode(), ExecSpec(command="login"))


def test_a_plug_in_may_give_a_client_certificate() -> None:
    output = answer(token="", clientCertificateData="CERT", clientKeyData="KEY")
    credential = plugin_credential(output.encode(), ExecSpec(command="login"))
    assert (credential.cert_pem, credential.key_pem, credential.expires) == (b"CERT", b"KEY", None)

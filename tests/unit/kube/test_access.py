"""Where credentials come from, and what is said when they are wrong."""

import base64
from pathlib import Path

import pytest
import yaml

from isthmus.kube import access as access_module
from isthmus.kube.access import default_access, in_cluster, load_kubeconfig, parse_remote
from isthmus.kube.errors import AccessError

PEM = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PEM64 = base64.b64encode(PEM).decode()


def kubeconfig(name: str = "c1", *, user: dict[str, object] | None = None, **cluster: object) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}:6443", **cluster}}],
        "users": [{"name": name, "user": {"token": f"token-{name}"} if user is None else user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def text(config: dict[str, object]) -> str:
    return yaml.safe_dump(config)


def written(path: Path, config: dict[str, object]) -> Path:
    path.write_text(text(config))
    return path


def test_inline_certificates_are_decoded() -> None:
    user = {"client-certificate-data": PEM64, "client-key-data": PEM64}
    access = load_kubeconfig(text(kubeconfig(user=user, **{"certificate-authority-data": PEM64})))
    assert (access.ca_pem, access.client_cert_pem, access.client_key_pem) == (PEM, PEM, PEM)
    assert access.server == "https://c1:6443"
    assert access.namespace == "default"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(PEM)
    config = kubeconfig(user={"tokenFile": "token"}, **{"certificate-authority": "ca.pem"})
    access = load_kubeconfig(written(tmp_path / "config", config))
    assert access.ca_pem == PEM
    assert access.token_file == str(tmp_path / "token")


def test_a_plug_in_with_a_slash_is_relative_to_the_file_and_others_come_from_the_path(tmp_path: Path) -> None:
    def command(word: str) -> str:
        config = kubeconfig(user={"exec": {"command": word, "apiVersion": "x", "args": None, "env": None}})
        spec = load_kubeconfig(written(tmp_path / "config", config)).exec
        assert spec is not None
        return spec.command

    assert command("./login") == str(tmp_path / "login")
    assert command("aws") == "aws"


@pytest.mark.parametrize("token", ["12345", "1e5", "017", "2026-01-02", "yes", "0x1f"])
def test_tokens_and_names_that_look_like_other_types_stay_text(token: str) -> None:
    config = (
        "clusters: [{name: 1, cluster: {server: 'https://x', insecure-skip-tls-verify: true}}]\n"
        f"users: [{{name: on, user: {{token: {token}}}}}]\n"
        "contexts: [{name: 2, context: {cluster: 1, user: on}}]\n"
        "current-context: 2\n"
        "preferences: {}\n"
    )
    access = load_kubeconfig(config)
    assert (access.token, access.context, access.insecure) == (token, "2", True)


def test_json_is_a_kubeconfig_too() -> None:
    config = '{"clusters":[{"name":"a","cluster":{"server":"http://x"}}],"users":null,"contexts":' + (
        '[{"name":"a","context":{"cluster":"a","user":"","namespace":"n"}}],"current-context":"a"}'
    )
    assert load_kubeconfig(config).namespace == "n"


def test_of_several_files_the_first_that_names_a_thing_wins(tmp_path: Path) -> None:
    first = kubeconfig("c1")
    second = kubeconfig("c2")
    second["users"] = [{"name": "c1", "user": {"token": "other"}}, {"name": "c2", "user": {"token": "two"}}]
    paths = (written(tmp_path / "one", first), tmp_path / "missing", written(tmp_path / "two", second))
    environ = {"KUBECONFIG": ":".join(map(str, paths))}
    assert default_access(environ=environ).token == "token-c1"
    assert default_access(context="c2", environ=environ).token == "two"


def test_a_file_that_is_named_comes_before_the_environment(tmp_path: Path) -> None:
    named, other = written(tmp_path / "one", kubeconfig("c1")), written(tmp_path / "two", kubeconfig("c2"))
    assert default_access(str(named), environ={"KUBECONFIG": str(other)}).context == "c1"


def test_without_a_file_the_pods_own_account_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in (("token", "t"), ("ca.crt", PEM.decode()), ("namespace", "istio-system\n")):
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(access_module, "SERVICE_ACCOUNT_DIRECTORY", tmp_path)
    environ = {
        "KUBECONFIG": str(tmp_path / "missing"),
        "KUBERNETES_SERVICE_HOST": "fd00::1",
        "KUBERNETES_SERVICE_PORT": "443",
    }
    access = default_access(environ=environ)
    assert (access.server, access.namespace) == ("https://[fd00::1]:443", "istio-system")
    assert access.token_file == str(tmp_path / "token")
    assert access.ca_pem == PEM


def test_nothing_anywhere_is_said_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match=r"missing does not exist; use --kubeconfig or set KUBECONFIG"):
        default_access(environ={"KUBECONFIG": str(tmp_path / "missing")})
    with pytest.raises(AccessError, match="not in a pod"):
        in_cluster({})


def test_secrets_do_not_show_in_a_log() -> None:
    assert "token-c1" not in repr(load_kubeconfig(text(kubeconfig())))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("a: [\n", "kubeconfig is not YAML"),
        ("just words\n", "holds no kubeconfig"),
        ("kind: Secret\na: b\n", "holds a Secret, not a kubeconfig"),
        ("clusters: 5\nx: y\n", r"Expected `array`, got `str` - at `\$.clusters`"),
        (text({**kubeconfig(), "current-context": ""}), r"no current-context.*it has: c1"),
        (text({**kubeconfig(), "current-context": "no"}), r'context "no" does not exist.*it has: c1'),
        (text({**kubeconfig(), "clusters": []}), 'names cluster "c1", which is not in the file'),
        (text({**kubeconfig(), "users": []}), 'names user "c1", which is not in the file'),
        (text(kubeconfig(server="")), "has no server"),
        (text(kubeconfig(server="c1:6443")), "is no URL: write https://HOST:PORT"),
        (text(kubeconfig(server="https://me:secret@c1:6443")), r"^context \"c1\": server has a user name or password"),
        (text(kubeconfig(**{"certificate-authority-data": "%%"})), "certificate-authority-data is not base64"),
        (text(kubeconfig(**{"certificate-authority-data": "aGVsbG8="})), "holds no PEM block"),
        (text(kubeconfig(**{"certificate-authority": "/nowhere/ca"})), "/nowhere/ca cannot be read"),
        (text(kubeconfig(user={"username": "a", "password": "b"})), "use a token"),
        (text(kubeconfig(user={"auth-provider": {"name": "gcp"}})), r'auth-provider "gcp".*use exec'),
    ],
)
def test_a_wrong_kubeconfig_is_refused_with_the_field(config: str, message: str) -> None:
    with pytest.raises(AccessError, match=message):
        load_kubeconfig(config)


@pytest.mark.parametrize(
    ("user", "option", "field"),
    [
        ({"exec": {"command": "sh", "apiVersion": "x"}}, "exec", "exec"),
        ({"tokenFile": "/etc/passwd"}, "tokenFile", "tokenFile"),
        ({"client-key": "/dev/null", "client-certificate-data": PEM64}, "clientKey", "client-key"),
        ({"client-certificate": "/dev/null"}, "clientCertificate", "client-certificate"),
    ],
)
def test_a_remote_secret_may_not_run_programs_or_read_files_unless_allowed(
    user: dict[str, object], option: str, field: str
) -> None:
    config = text(kubeconfig(user=user))
    with pytest.raises(AccessError, match=rf'user "c1": {field}.*inline.*add {option} to PILOT_INSECURE'):
        parse_remote(config)
    parse_remote(config, frozenset({option}))


def test_every_user_of_a_remote_secret_is_checked() -> None:
    config = kubeconfig()
    config["users"] = [{"name": "c1", "user": {"token": "t"}}, {"name": "spare", "user": {"tokenFile": "/x"}}]
    with pytest.raises(AccessError, match='user "spare": tokenFile'):
        parse_remote(text(config))


def test_tokens_certificates_and_oidc_are_taken_from_a_remote_secret() -> None:
    assert parse_remote(text(kubeconfig())).token == "token-c1"
    certified = parse_remote(text(kubeconfig(user={"client-certificate-data": PEM64, "client-key-data": PEM64})))
    assert certified.client_key_pem == PEM
    provided = parse_remote(text(kubeconfig(user={"auth-provider": {"name": "oidc", "config": {"id-token": "x"}}})))
    assert provided.auth_provider is not None

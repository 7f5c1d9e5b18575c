"""A real etcd and kube-apiserver on loopback ports, for tests and benches that need the API but no nodes.

Knows processes, ports and readiness. Needs no root.
Nothing survives the end of `running`, nor the death of the process that started it.
"""

import contextlib
import http.client
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isthmus.lab import binaries, kubeconfig, pki
from isthmus.lab.report import Report, silent

READY_SECONDS = 60.0
POLL_SECONDS = 0.05
START_ATTEMPTS = 3
ISSUER = "https://kubernetes.default.svc.cluster.local"
SERVICE_RANGE = "10.96.0.0/16"


class ApiServerError(RuntimeError):
    """The API server did not become ready; the text ends with its last log lines."""


@dataclass(frozen=True, slots=True)
class ApiServer:
    """A running API server: its URL, its authority, and an administrator's client certificate."""

    url: str
    authority: bytes
    admin: pki.KeyPair
    directory: Path
    """Holds certificates, logs and `kubeconfig`."""

    @property
    def kubeconfig(self) -> str:
        """A kubeconfig text for a member of `system:masters`, with the context `apiserver`."""
        return kubeconfig.render((kubeconfig.Access("apiserver", self.url, self.authority, self.admin),))


@contextlib.contextmanager
def running(directory: Path, report: Report = silent) -> Iterator[ApiServer]:
    """Starts both in `directory` (empty or new), yields when `/readyz` answers, and kills both at the end.

    RBAC is on; TokenRequest and TokenReview work; a pod may be created without its service account.
    Raises ApiServerError when the API server is not ready in time, BinaryMissingError when the programs cannot be had.
    """
    programs = binaries.ensure(("etcd", "kube-apiserver"), report)
    directory.mkdir(parents=True, exist_ok=True)
    for attempt in range(START_ATTEMPTS):
        with contextlib.ExitStack() as stack:
            try:
                server = _start(directory / str(attempt), programs, stack)
            except ApiServerError as problem:
                # Free ports are found before they are bound: another process may take one in between.
                if "address already in use" not in str(problem) or attempt == START_ATTEMPTS - 1:
                    raise
                continue
            yield server
            return


def _start(directory: Path, programs: dict[str, Path], stack: contextlib.ExitStack) -> ApiServer:
    directory.mkdir()
    client, peer, secure = free_ports(3)
    authority = pki.Authority.create("apiserver")
    server = ApiServer(
        url=f"https://127.0.0.1:{secure}",
        authority=authority.pair.certificate,
        admin=authority.issue(pki.Subject("admin", groups=("system:masters",))),
        directory=directory,
    )
    _write_certificates(directory, authority, server)
    etcd = _spawn([str(programs["etcd"]), *_etcd_flags(directory, client, peer)], directory / "etcd.log")
    stack.callback(_end, etcd)
    flags = _apiserver_flags(directory, client, secure)
    process = _spawn([str(programs["kube-apiserver"]), *flags], directory / "kube-apiserver.log")
    stack.callback(_end, process)
    _await_ready(server, (etcd, process))
    return server


def free_ports(count: int) -> tuple[int, ...]:
    """Loopback TCP ports that nobody listens on at this moment, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return tuple(each.getsockname()[1] for each in sockets)


def _write_certificates(directory: Path, authority: pki.Authority, server: ApiServer) -> None:
    names = ("127.0.0.1", "localhost", "10.96.0.1", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
    serving = authority.issue(pki.Subject("kube-apiserver", names=names))
    accounts = pki.service_account_key()
    contents = {
        "ca.crt": server.authority,
        "apiserver.crt": serving.certificate,
        "apiserver.key": serving.key,
        "admin.crt": server.admin.certificate,
        "admin.key": server.admin.key,
        "sa.pub": accounts.certificate,
        "sa.key": accounts.key,
        "kubeconfig": server.kubeconfig.encode(),
    }
    for name, content in contents.items():
        (directory / name).write_bytes(content)
        (directory / name).chmod(0o600)


def _etcd_flags(directory: Path, client: int, peer: int) -> list[str]:
    return [
        f"--data-dir={directory / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{client}",
        f"--advertise-client-urls=http://127.0.0.1:{client}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-cluster=default=http://127.0.0.1:{peer}",
        "--unsafe-no-fsync",  # the data lives as long as the test
        "--log-level=warn",
    ]


def _apiserver_flags(directory: Path, etcd: int, secure: int) -> list[str]:
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={secure}",
        f"--cert-dir={directory}",
        f"--tls-cert-file={directory / 'apiserver.crt'}",
        f"--tls-private-key-file={directory / 'apiserver.key'}",
        f"--client-ca-file={directory / 'ca.crt'}",
        "--authorization-mode=Node,RBAC",
        f"--service-account-issuer={ISSUER}",
        f"--service-account-key-file={directory / 'sa.pub'}",
        f"--service-account-signing-key-file={directory / 'sa.key'}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        # No controller manager makes the default service accounts that this plug-in would wait for.
        "--disable-admission-plugins=ServiceAccount",
        "--endpoint-reconciler-type=none",
    ]


def _spawn(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Starts a child that the kernel kills when this process dies (prctl PR_SET_PDEATHSIG, by util-linux)."""
    with log.open("wb") as file:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command], stdout=file, stderr=file, stdin=subprocess.DEVNULL
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _await_ready(server: ApiServer, processes: tuple[subprocess.Popen[bytes], ...]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not ready(server):
        if any(process.poll() is not None for process in processes) or time.monotonic() > deadline:
            logs = [(path.name, path.read_text(errors="replace")[-1500:]) for path in server.directory.glob("*.log")]
            raise ApiServerError("\n".join(f"{name}:\n{text}" for name, text in logs))
        time.sleep(POLL_SECONDS)


def ready(server: ApiServer) -> bool:
    """Whether `/readyz` answers 200: then the RBAC bootstrap roles exist as well."""
    context = ssl.create_default_context(cadata=server.authority.decode())
    host, port = server.url.removeprefix("https://").split(":")
    context.load_cert_chain(server.directory / "admin.crt", server.directory / "admin.key")
    connection = http.client.HTTPSConnection(host, int(port), timeout=5, context=context)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()

"""Secrets that follow files."""

from __future__ import annotations

import pytest

from isthmus.agent.file_secrets import FileSecrets
from isthmus.agent.secret_store import SecretStore

CERT = "file-cert:certs/chain.pem~certs/key.pem"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "certs").mkdir()
    return FileSecrets(SecretStore(), tmp_path)


def body(files: FileSecrets, name: str) -> bytes:
    return b"".join(resource.body for resource in files._store.get([name]))


def replace(path, content: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(content)
    fresh.rename(path)


def test_a_certificate_appears_when_both_files_are_there_and_follows_them(files, tmp_path):
    files.demand(CERT)
    assert body(files, CERT) == b""
    replace(tmp_path / "certs/chain.pem", "chain 1")
    files.refresh()
    assert body(files, CERT) == b""
    replace(tmp_path / "certs/key.pem", "key 1")
    files.refresh()
    assert b"chain 1" in body(files, CERT)
    replace(tmp_path / "certs/key.pem", "key 2")
    files.refresh()
    assert b"key 2" in body(files, CERT)


def test_files_that_vanish_leave_the_last_secret_and_one_complaint(files, tmp_path, caplog):
    (tmp_path / "root.pem").write_text("root")
    files.demand("file-root:root.pem")
    (tmp_path / "root.pem").unlink()
    files.refresh()
    files.refresh()
    assert b"root" in body(files, "file-root:root.pem")
    assert len(caplog.records) == 1


def test_a_link_that_is_swapped_is_a_change(files, tmp_path):
    for version in ("1", "2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "root.pem").write_text(f"root {version}")
    (tmp_path / "..data").symlink_to("1")
    (tmp_path / "root.pem").symlink_to("..data/root.pem")
    files.demand("file-root:root.pem")
    (tmp_path / "..tmp").symlink_to("2")
    (tmp_path / "..tmp").rename(tmp_path / "..data")
    files.refresh()
    assert b"root 2" in body(files, "file-root:root.pem")


def test_the_systems_roots_and_names_that_are_no_files(files):
    files.demand("file-root:system")
    assert body(files, "file-root:system")
    for name in ("default", "kubernetes://credential", "file-cert:without-key"):
        files.demand(name)
        assert body(files, name) == b""

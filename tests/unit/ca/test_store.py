"""A mounted bundle is taken over when it changes as a whole, and left alone while it does not fit together."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from authorities import DAY, Authority, istio_files

from isthmus.ca.authority import Authority as Holder
from isthmus.ca.bundle import load_bundle
from isthmus.ca.errors import BundleError
from isthmus.ca.serving import issue_serving
from isthmus.ca.store import BundleDirectory, ServingFiles

NOW = datetime.now(UTC)
ROOT = Authority("root", start=NOW - DAY, end=NOW + 30 * DAY)


def intermediate(issuer: Authority = ROOT) -> Authority:
    return Authority("intermediate", issuer, start=NOW - DAY, end=NOW + 20 * DAY)


def mount(directory: Path, files: dict[str, bytes]) -> None:
    """As the kubelet does it: a new directory, then the symbolic link ``..data`` is renamed over the old one."""
    number = len(list(directory.glob("..2*")))
    content = directory / f"..2026_{number}"
    content.mkdir()
    for name, data in files.items():
        (content / name).write_bytes(data)
        if not (directory / name).is_symlink():
            (directory / name).symlink_to(f"..data/{name}")
    link = directory / "..data_tmp"
    link.symlink_to(content.name)
    link.rename(directory / "..data")


def test_an_empty_or_missing_directory_holds_no_bundle(tmp_path):
    assert BundleDirectory(tmp_path).load() is None
    assert BundleDirectory(tmp_path / "missing").load() is None


def test_an_error_names_the_file_with_its_directory(tmp_path):
    mount(tmp_path, istio_files(intermediate(), ROOT) | {"ca-key.pem": b"rubbish"})
    with pytest.raises(BundleError, match=str(tmp_path / "ca-key.pem")):
        BundleDirectory(tmp_path).load()


def test_a_new_intermediate_is_taken_and_told_to_all_who_asked(tmp_path):
    mount(tmp_path, istio_files(intermediate(), ROOT))
    directory = BundleDirectory(tmp_path)
    holder = Holder(directory.load())
    seen = []
    holder.subscribe(seen.append)
    assert not directory.check(holder)

    changed = intermediate()
    mount(tmp_path, istio_files(changed, ROOT))
    assert directory.check(holder)
    assert holder.bundle.certificate == changed.certificate
    assert [bundle.certificate for bundle in seen][1:] == [changed.certificate]


def test_files_that_are_copied_one_by_one_are_taken_when_they_fit(tmp_path):
    first, second = intermediate(), intermediate()
    for name, data in istio_files(first, ROOT).items():
        (tmp_path / name).write_bytes(data)
    directory = BundleDirectory(tmp_path)
    holder = Holder(directory.load())
    for name, data in istio_files(second, ROOT).items():
        (tmp_path / name).write_bytes(data)
        directory.check(holder)
    assert holder.bundle.certificate == second.certificate


def test_a_foreign_root_or_a_removed_bundle_changes_nothing(tmp_path):
    mount(tmp_path, istio_files(intermediate(), ROOT))
    directory = BundleDirectory(tmp_path)
    holder = Holder(directory.load())
    before = holder.bundle

    foreign = Authority("foreign", start=NOW - DAY, end=NOW + 30 * DAY)
    mount(tmp_path, istio_files(intermediate(foreign), foreign))
    assert directory.check(holder)
    mount(tmp_path, {})
    assert directory.check(holder)
    assert holder.bundle is before


def serving(issuer: Authority) -> dict[str, bytes]:
    bundle = load_bundle(istio_files(issuer, issuer), NOW)
    pair = issue_serving(bundle, ("istiod.example.com",), 3600, NOW)
    return {"tls.crt": pair.chain, "tls.key": pair.key, "ca.crt": bundle.roots}


def files_in(directory: Path) -> ServingFiles:
    return ServingFiles(directory / "tls.crt", directory / "tls.key", directory / "ca.crt")


def test_a_serving_certificate_of_somebody_else_is_used_and_its_successor_too(tmp_path):
    files, used = files_in(tmp_path), []
    for _ in range(2):
        content = serving(ROOT)
        mount(tmp_path, content)
        files.offer(used.append)
        assert (used[-1].pair.chain, used[-1].pair.key) == (content["tls.crt"], content["tls.key"])
        assert used[-1].roots == content["ca.crt"]
    mount(tmp_path, {**content, "tls.key": serving(ROOT)["tls.key"]})
    files.offer(used.append)
    assert len(used) == 2
    with pytest.raises(BundleError, match="not the key of"):
        files.load()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ca.crt": serving(Authority("foreign", start=NOW - DAY, end=NOW + DAY))["ca.crt"]}, "does not lead to"),
        ({"ca.crt": b""}, "ca.crt: not a PEM certificate"),
        ({"tls.crt": b"rubbish"}, "tls.crt: not a PEM certificate"),
        ({"tls.key": b"rubbish"}, "tls.key: not an unencrypted PEM private key"),
    ],
)
def test_a_serving_certificate_that_nobody_could_verify_names_the_file(tmp_path, change, message):
    mount(tmp_path, serving(ROOT) | change)
    with pytest.raises(BundleError, match=message) as error:
        files_in(tmp_path).load()
    assert str(error.value).startswith(str(tmp_path))


def test_a_serving_certificate_below_an_intermediate_leads_to_the_root(tmp_path):
    signer = intermediate()
    bundle = load_bundle(istio_files(signer, ROOT), NOW)
    pair = issue_serving(bundle, ("istiod.example.com",), 3600, NOW)
    mount(tmp_path, {"tls.crt": pair.chain, "tls.key": pair.key, "ca.crt": bundle.roots})
    assert files_in(tmp_path).load().roots == bundle.roots

"""The sample CA and what the makefile makes are bundles that the control plane takes."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from isthmus.ca.bundle import Bundle, load_bundle

REPOSITORY = Path(__file__).parents[3]
FILES = ("ca-cert.pem", "ca-key.pem", "root-cert.pem", "cert-chain.pem")


def bundle(directory: Path) -> Bundle | None:
    return load_bundle({name: (directory / name).read_bytes() for name in FILES}, datetime.now(UTC))


def test_the_sample_is_a_bundle_with_years_to_go():
    sample = bundle(REPOSITORY / "samples" / "certs")
    assert sample is not None
    assert sample.expiry - sample.certificate.not_valid_before_utc > timedelta(days=3600)


def test_the_makefile_makes_a_root_and_intermediates_of_several_clusters(tmp_path):
    makefile = REPOSITORY / "tools" / "certs" / "Makefile.selfsigned.mk"
    targets = ["root-ca", "cluster1-cacerts", "cluster2-cacerts", "ROOTCA_KEYSZ=2048", "INTERMEDIATE_KEYSZ=2048"]
    subprocess.run(["make", "-s", "-f", makefile, *targets], cwd=tmp_path, check=True, capture_output=True)
    one, two = bundle(tmp_path / "cluster1"), bundle(tmp_path / "cluster2")
    assert one is not None
    assert two is not None
    assert one.roots == two.roots
    assert one.certificate != two.certificate
    assert "L=cluster1" in one.certificate.subject.rfc4514_string()

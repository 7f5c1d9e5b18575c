"""A bundle is taken only when its parts fit together, and errors name the file and the cure."""

from datetime import timedelta

import pytest
from authorities import DAY, NOW, Authority, istio_files, key_pem

from isthmus.ca.bundle import load_bundle, refuse_change
from isthmus.ca.errors import BundleError

ROOT = Authority("root")
INTERMEDIATE = Authority("intermediate", ROOT)
FILES = istio_files(INTERMEDIATE, ROOT)


def load(**changes):
    return load_bundle({**FILES, **{name.replace("_", "-") + ".pem": value for name, value in changes.items()}}, NOW)


def test_no_file_at_all_is_no_bundle():
    assert load_bundle({}, NOW) is None


def test_the_four_files_of_istio_are_a_bundle():
    bundle = load()
    assert bundle.certificate == INTERMEDIATE.certificate
    assert bundle.roots == ROOT.pem
    assert bundle.chain == (INTERMEDIATE.certificate, ROOT.certificate)
    assert bundle.expiry == INTERMEDIATE.end


def test_the_response_ends_with_the_whole_root_bundle():
    other = Authority("other root")
    bundle = load(root_cert=ROOT.pem + other.pem)
    leaf, first, second, roots = bundle.response(b"leaf\n")
    assert (leaf, first, second) == ("leaf\n", INTERMEDIATE.pem.decode(), ROOT.pem.decode())
    assert roots == (ROOT.pem + other.pem).decode()


def test_the_three_files_of_a_kubernetes_tls_secret_are_a_bundle():
    files = {"tls.crt": INTERMEDIATE.pem, "tls.key": key_pem(INTERMEDIATE.key), "ca.crt": ROOT.pem}
    bundle = load_bundle(files | {"ca-crl.pem": b"not looked at"}, NOW)
    assert bundle.certificate == INTERMEDIATE.certificate
    assert bundle.chain == (INTERMEDIATE.certificate, ROOT.certificate)
    assert bundle.crl == b""


def test_a_root_can_sign_by_itself():
    assert load_bundle(istio_files(ROOT, ROOT), NOW).certificate == ROOT.certificate


@pytest.mark.parametrize("missing", list(FILES))
def test_a_missing_file_is_named(missing):
    with pytest.raises(BundleError, match="incomplete signing CA bundle") as caught:
        load_bundle({name: content for name, content in FILES.items() if name != missing}, NOW)
    assert caught.value.file == missing


@pytest.mark.parametrize(
    ("changes", "file", "problem"),
    [
        ({"ca_cert": b"rubbish"}, "ca-cert.pem", "not a PEM certificate"),
        ({"ca_key": b"rubbish"}, "ca-key.pem", "not an unencrypted PEM private key"),
        ({"ca_key": key_pem(ROOT.key)}, "ca-key.pem", "not the key of ca-cert.pem"),
        ({"root_cert": Authority("root").pem}, "ca-cert.pem", 'signed by "O=root", whose certificate'),
        ({"ca_crl": b"rubbish"}, "ca-crl.pem", "holds no revocation list"),
        ({"ca_crl": ROOT.crl()}, "ca-crl.pem", 'no revocation list of "O=intermediate"'),
    ],
)
def test_what_does_not_fit_is_named(changes, file, problem):
    with pytest.raises(BundleError) as caught:
        load(**changes)
    assert caught.value.file == file
    assert problem in caught.value.problem
    assert caught.value.cure


@pytest.mark.parametrize(
    ("authority", "problem"),
    [
        (Authority("late", ROOT, start=NOW + DAY), "is not valid before"),
        (Authority("old", ROOT, end=NOW - timedelta(hours=1)), "expired on"),
        (Authority("leaf", ROOT, ca=False), "is not a CA certificate"),
        (Authority("low", Authority("high", Authority("root", path_length=0))), "whose certificate"),
    ],
)
def test_an_authority_that_cannot_sign_is_refused(authority, problem):
    with pytest.raises(BundleError, match=problem):
        load_bundle(istio_files(authority, ROOT), NOW)


def test_a_path_length_is_respected():
    root = Authority("root", path_length=0)
    middle = Authority("middle", root)
    low = Authority("low", middle)
    files = istio_files(low, root) | {"cert-chain.pem": low.pem + middle.pem}
    with pytest.raises(BundleError, match="pathlen"):
        load_bundle(files, NOW)


def test_a_long_chain_leads_to_the_root():
    middle = Authority("middle", ROOT)
    low = Authority("low", middle)
    files = istio_files(low, ROOT) | {"cert-chain.pem": middle.pem + low.pem}
    assert load_bundle(files, NOW).certificate == low.certificate


def test_lists_of_every_authority_of_the_chain_are_accepted():
    assert load(ca_crl=ROOT.crl() + INTERMEDIATE.crl()).crl


def test_a_new_intermediate_under_the_same_root_is_taken():
    new = load_bundle(istio_files(Authority("intermediate", ROOT), ROOT), NOW)
    assert refuse_change(load(), new, several_roots=False) == ""


def test_a_new_root_is_refused_unless_several_are_allowed_and_one_contains_the_other():
    other = Authority("other")
    foreign = load_bundle(istio_files(other, other), NOW)
    both = load(root_cert=ROOT.pem + other.pem)
    assert "ISTIO_MULTIROOT_MESH" in refuse_change(load(), both, several_roots=False)
    assert refuse_change(load(), both, several_roots=True) == ""
    assert refuse_change(both, foreign, several_roots=True) == ""
    assert "must contain" in refuse_change(load(), foreign, several_roots=True)


def test_a_bundle_never_shows_its_key():
    assert "PRIVATE" not in repr(load())
    assert "key=" not in repr(load())

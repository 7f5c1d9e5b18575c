"""What is in the images works there: with the image's Python and the distributions that the image has."""

import pytest

from isthmus.lab import binaries, images
from isthmus.lab.images import chroot, store
from isthmus.lab.images.oci import PATH
from isthmus.lab.report import silent

IMPORT_ALL = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(getattr(package, "__path__", ()), name + "."):
        importlib.import_module(module.name)
"""


def by_name(made):
    """Layers by the image's name without its tag: all tags of a name have the same."""
    return {image.reference.rpartition("/")[2].partition(":")[0]: layers for image, layers in made.items()}


@pytest.fixture(scope="module")
def built():
    binaries.ensure(["coredns"])
    with store.locked(silent):
        return by_name(images.build_all())


@pytest.fixture
def inside(built, tmp_path):
    def run(image, command):
        upper = tmp_path / "upper"
        upper.mkdir()
        # Fails with the command's output when the command fails.
        chroot.change([layer.tree for layer in built[image]], upper, command, {"PATH": PATH})
        return upper

    return run


@pytest.mark.parametrize(
    ("image", "packages"),
    [
        ("proxyv2", "isthmus.agent isthmus.capture"),
        ("install-cni", "isthmus.cni isthmus.capture"),
        ("pilot", "isthmus.control_plane isthmus.ca isthmus.inject isthmus.cli.control_plane"),
    ],
)
def test_every_module_that_the_image_runs_can_be_imported_there(inside, image, packages):
    inside(image, f"python3 -I -c '{IMPORT_ALL}' {packages}")


@pytest.mark.parametrize(
    ("image", "command"),
    [
        ("proxyv2", "envoy --version"),
        ("proxyv2", "pilot-agent version"),
        ("proxyv2", "iptables --version && nft --version"),
        ("pilot", "isthmus control-plane --help"),
        ("install-cni", "install-cni --help && nsenter --version && test -x /opt/cni/bin/istio-cni"),
        ("curl", "curl --version && command -v sleep"),
        ("busybox", "ls / && wget --help"),
    ],
)
def test_the_programs_of_the_image_run(inside, image, command):
    inside(image, command)


def test_modules_are_compiled_in_the_image_and_nothing_is_written_at_run_time(inside):
    written = inside("proxyv2", "python3 -c 'import isthmus.agent.main, cryptography.x509, grpclib.client, json'")
    assert not list(written.rglob("*.pyc"))


def test_a_second_build_makes_nothing_new(built):
    said = []
    with store.locked(silent):
        again = images.build_all(said.append)
    assert said == []
    assert by_name(again) == built

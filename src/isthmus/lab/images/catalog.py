"""The images of a lab, and the Debian packages that building them takes.

Knows names only. Does no I/O.
"""

from dataclasses import dataclass

from isthmus import __version__

PAUSE = "registry.k8s.io/pause:3.10"
COREDNS = "registry.k8s.io/coredns/coredns:v1.13.1"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image: the reference that pods use, the directory below `images/`, and values for its ARGs."""

    reference: str
    directory: str
    arguments: tuple[tuple[str, str], ...] = ()


RECIPES = (
    Recipe(PAUSE, "pause"),
    Recipe(COREDNS, "coredns"),
    Recipe("docker.io/library/busybox:latest", "busybox"),
    Recipe("docker.io/curlimages/curl:latest", "curl"),
    *(
        Recipe(f"docker.io/istio/examples-helloworld-{version}:{tag}", "helloworld", (("SERVICE_VERSION", version),))
        for version in ("v1", "v2")
        for tag in ("1.0", "latest")  # older guides name no tag
    ),
    Recipe(f"docker.io/isthmus/pilot:{__version__}", "pilot"),
    Recipe(f"docker.io/isthmus/proxyv2:{__version__}", "proxyv2"),
    Recipe(f"docker.io/isthmus/install-cni:{__version__}", "install-cni"),
)

DEBIAN_PACKAGES = (
    ("mmdebstrap", "mmdebstrap"),
    ("gcc", "gcc"),
    ("/usr/include/stdio.h", "libc6-dev"),
    ("busybox", "busybox-static"),
    ("containerd", "containerd"),
    ("ctr", "containerd"),
    ("/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring"),
    ("unshare", "util-linux"),
)
"""What must be there, a program on PATH or a file, and the package of Debian or Ubuntu that brings it."""

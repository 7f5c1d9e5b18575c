"""OCI images as values: configuration, manifest, index (https://github.com/opencontainers/image-spec).

Knows JSON documents and digests. Does no I/O.
"""

import hashlib
from dataclasses import dataclass, replace

import msgspec

LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
EPOCH = "1970-01-01T00:00:00Z"
"""When every image and layer was made: the time of building is not part of the content."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Blob:
    """Content by digest: the hexadecimal SHA-256 and the size in bytes."""

    digest: str
    size: int

    def descriptor(self, media_type: str) -> dict[str, object]:
        """The OCI descriptor that points at this content."""
        return {"mediaType": media_type, "digest": f"sha256:{self.digest}", "size": self.size}


@dataclass(frozen=True, slots=True)
class Runtime:
    """How a container of an image starts: the `config` part of an OCI image configuration."""

    user: str = ""
    working_directory: str = "/"
    stop_signal: str = "SIGTERM"
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = (("PATH", PATH),)
    ports: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    def with_environment(self, added: tuple[tuple[str, str], ...]) -> "Runtime":
        """The same with variables set; a later value replaces an earlier one."""
        return replace(self, environment=tuple((dict(self.environment) | dict(added)).items()))

    def document(self) -> dict[str, object]:
        """The JSON object of the image specification."""
        return {
            "User": self.user,
            "WorkingDir": self.working_directory,
            "StopSignal": self.stop_signal,
            "Entrypoint": list(self.entrypoint) or None,
            "Cmd": list(self.command) or None,
            "Env": [f"{name}={value}" for name, value in self.environment],
            "ExposedPorts": {port: {} for port in self.ports},
            "Labels": dict(self.labels),
        }


@dataclass(frozen=True, slots=True)
class Image:
    """A built image: its full reference, how it starts, and its layers from the bottom up."""

    reference: str
    architecture: str
    runtime: Runtime
    layers: tuple[Blob, ...]

    @property
    def name(self) -> str:
        """The last part of the reference, without the tag."""
        return self.reference.rpartition("/")[2].partition(":")[0]

    @property
    def size(self) -> int:
        """The sum of its layers in bytes, uncompressed."""
        return sum(layer.size for layer in self.layers)

    def config(self) -> bytes:
        """The serialised image configuration. A layer's digest is its diff ID, because layers are not compressed."""
        return _encode(
            {
                "created": EPOCH,
                "architecture": self.architecture,
                "os": "linux",
                "config": self.runtime.document(),
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in self.layers]},
            }
        )

    def manifest(self) -> bytes:
        """The serialised image manifest."""
        return _encode(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": blob_of(self.config()).descriptor(CONFIG),
                "layers": [layer.descriptor(LAYER) for layer in self.layers],
            }
        )


def index(images: tuple[Image, ...]) -> bytes:
    """The serialised `index.json` of an archive; containerd takes the names from the annotations."""
    return _encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": [_entry(image) for image in images]})


def _entry(image: Image) -> dict[str, object]:
    names = {"io.containerd.image.name": image.reference, "org.opencontainers.image.ref.name": image.reference}
    platform = {"os": "linux", "architecture": image.architecture}
    return {**blob_of(image.manifest()).descriptor(MANIFEST), "platform": platform, "annotations": names}


def blob_of(content: bytes) -> Blob:
    """The digest and size of some content."""
    return Blob(hashlib.sha256(content).hexdigest(), len(content))


def _encode(document: dict[str, object]) -> bytes:
    return msgspec.json.encode(document, order="deterministic")

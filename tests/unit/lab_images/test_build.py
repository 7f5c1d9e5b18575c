"""Carrying out Containerfiles without commands: needs no root."""

import json

import pytest

from isthmus.lab.images import oci
from isthmus.lab.images.build import Context, Ingredient, build
from isthmus.lab.images.containerfile import ContainerfileError, parse
from isthmus.lab.report import silent


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ISTHMUS_CACHE", str(tmp_path))


def text(content):
    return Ingredient(content, lambda target: target.write_text(content))


def built(file, ingredients=(), arguments=()):
    context = Context({name: text(content) for name, content in ingredients}, dict(arguments), {})
    return build(parse("f", file), context, silent)


def test_runtime_settings_reach_the_image_configuration():
    runtime, layers = built(
        "ARG V=v1\nFROM scratch\nARG V=v1\nENV VERSION=${V}\nEXPOSE 5000 53/udp\nUSER 7:7\nWORKDIR /w\n"
        'STOPSIGNAL SIGINT\nLABEL a=b\nENTRYPOINT ["/x"]\nCMD ["y", "z"]\n',
        arguments=[("V", "v2")],
    )
    image = oci.Image("r", "amd64", runtime, tuple(layer.blob for layer in layers))
    config = json.loads(image.config())["config"]
    assert config == {
        "User": "7:7",
        "WorkingDir": "/w",
        "StopSignal": "SIGINT",
        "Entrypoint": ["/x"],
        "Cmd": ["y", "z"],
        "Env": [f"PATH={oci.PATH}", "VERSION=v2"],
        "ExposedPorts": {"5000/tcp": {}, "53/udp": {}},
        "Labels": {"a": "b"},
    }


def test_an_unchanged_ingredient_is_written_once():
    written = []

    def write(target):
        written.append(target)
        target.write_text("x")

    file = parse("f", "FROM scratch\nCOPY a /a\n")
    first, second = (build(file, Context({"a": Ingredient("1", write)}, {}, {}), silent) for _ in range(2))
    assert first == second
    assert len(written) == 1


def test_a_changed_ingredient_changes_only_its_own_layer():
    file = "FROM scratch\nCOPY a /a\nCOPY b /usr/bin/b\n"
    _, before = built(file, [("a", "1"), ("b", "1")])
    _, after = built(file, [("a", "1"), ("b", "2")])
    assert before[0] == after[0]
    assert before[1].blob != after[1].blob


def test_copied_files_are_readable_for_all_whatever_the_umask():
    def write(target):
        target.write_text("x")
        target.chmod(0o600)

    file = parse("f", "FROM scratch\nCOPY a /usr/share/a\n")
    _, (layer,) = build(file, Context({"a": Ingredient("1", write)}, {}, {}), silent)
    assert (layer.tree / "usr/share/a").stat().st_mode & 0o777 == 0o644
    assert (layer.tree / "usr/share").stat().st_mode & 0o777 == 0o755


def test_a_failing_ingredient_leaves_no_layer_behind(tmp_path):
    def write(_target):
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        build(parse("f", "FROM scratch\nCOPY a /a\n"), Context({"a": Ingredient("1", write)}, {}, {}), silent)
    assert list((tmp_path / "images" / "layers").iterdir()) == []


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("FROM nowhere\n", "no such base here"),
        ("FROM scratch\nCOPY missing /x\n", "the build context has no such file"),
        ("FROM scratch\nCOPY a relative\n", "an absolute target"),
        ("FROM scratch\nRUN true\n", "nothing to run it on"),
        ("FROM scratch\nCMD sleep 1\n", "expected a list"),
        ("FROM scratch\nARG X\n", "no default"),
    ],
)
def test_what_cannot_be_done_is_refused_at_its_line(file, reason):
    with pytest.raises(ContainerfileError, match=reason):
        built(file)

"""Containerfiles: what is understood, and what is refused with file and line."""

import pytest

from isthmus.lab.images import catalog, containerfile, contexts
from isthmus.lab.images.containerfile import ContainerfileError, expand, parse
from isthmus.shipped import shipped


def test_continued_lines_and_comments_make_one_instruction():
    text = "# title\nFROM scratch\nRUN first \\\n # why\n && second\n"
    assert [(each.line, each.name, each.text) for each in parse("f", text)] == [
        (2, "FROM", "scratch"),
        (3, "RUN", "first && second"),
    ]


def test_instruction_names_may_be_written_in_small_letters():
    assert parse("f", "from scratch\n")[0].name == "FROM"


@pytest.mark.parametrize("line", ["ADD http://a b", "ONBUILD RUN x", "COPY --from=build a /b"])
def test_what_is_not_understood_is_refused_with_file_and_line(line):
    with pytest.raises(ContainerfileError, match=r"^images/x/Containerfile:2: "):
        parse("images/x/Containerfile", f"FROM scratch\n{line}\n")


def test_a_file_without_from_is_refused():
    with pytest.raises(ContainerfileError, match="has no FROM"):
        parse("f", "RUN true\n")


def test_variables_are_expanded_with_and_without_braces():
    (_, instruction) = parse("f", "FROM scratch\nENV A=${B}-$C\n")
    assert expand(instruction, {"B": "1", "C": "2"}) == "A=1-2"


def test_an_unknown_variable_is_refused():
    (instruction,) = parse("f", "FROM ${BASE}\n")
    with pytest.raises(ContainerfileError, match="variable BASE has no value"):
        expand(instruction, {})


@pytest.mark.parametrize("directory", sorted({recipe.directory for recipe in catalog.RECIPES}))
def test_every_image_copies_only_what_its_context_has(directory):
    file = shipped("images") / directory / "Containerfile"
    wanted = {each.text.split()[0] for each in parse(str(file), file.read_text()) if each.name == "COPY"}
    assert wanted <= set(contexts.names(directory))


def test_every_image_directory_is_in_the_catalog():
    directories = {path.parent.name for path in shipped("images").glob("*/Containerfile")}
    assert directories == {recipe.directory for recipe in catalog.RECIPES} | {"base"}


def test_pairs_keep_quoted_spaces():
    (_, instruction) = parse("f", 'FROM scratch\nLABEL a="b c" d=e\n')
    assert containerfile.pairs(instruction, instruction.text) == (("a", "b c"), ("d", "e"))

"""What users of the engine rely on beyond single templates."""

from typing import Any

import pytest

from isthmus.gotemplate import FunctionError, MethodMap, Record, TemplateError, render


def failure(text: str, data: Any = None, **options: Any) -> str:
    with pytest.raises(TemplateError) as problem:
        render(text, data or {}, **options)
    return str(problem.value)


def test_missing_keys_are_walked_through_unless_helms_rule_is_asked_for() -> None:
    assert render("{{ .a.b.c }}|{{ if .a.b }}x{{ end }}", {}) == "<no value>|"
    assert "nil pointer evaluating interface {}.b" in failure("{{ .a.b }}", missing_key="zero")
    assert 'map has no entry for key "a"' in failure("{{ .a }}", missing_key="error")


def test_an_explicit_null_is_no_missing_key() -> None:
    assert "nil pointer" in failure("{{ .a.b }}", {"a": None})


def test_an_error_names_template_line_and_expression() -> None:
    text = failure("first\n  {{ .name | upper }}", {"name": 5}, name="sidecar")
    assert text.startswith("template: sidecar:2:")
    assert 'executing "sidecar" at <upper>' in text
    assert "expected string; got int" in text


def test_a_refusal_in_an_included_template_reaches_the_user_as_it_is() -> None:
    library = {"library": '{{ define "inner" }}{{ fail "no" }}{{ end }}'}
    assert failure('{{ include "inner" . }}', name="outer", includes=library) == "template: library:1: no"


@pytest.mark.parametrize("expression", ["{{ .list.__class__ }}", "{{ .text.upper }}", "{{ .record.fields }}"])
def test_python_attributes_are_out_of_reach(expression: str) -> None:
    data = {"list": [1], "text": "x", "record": Record("R", {"Name": "n"})}
    assert "can't evaluate field" in failure(expression, data)


def test_an_attribute_of_a_map_is_a_missing_key() -> None:
    assert render("{{ .__class__ }}{{ .keys }}", {}) == "<no value><no value>"


def test_a_record_shows_fields_and_calls_methods() -> None:
    record = Record("Pod", {"Name": "web"}, {"Label": lambda key, fallback: f"{key}={fallback}"})
    assert render('{{ .Name }} {{ .Label "app" "x" }} {{ "y" | .Label "app" }}', record) == "web app=x app=y"


def test_a_map_with_methods_is_both() -> None:
    files = MethodMap({"b": 2, "a": 1}, {"Get": lambda path: f"<{path}>"})
    assert render('{{ range $k, $v := .f }}{{ $k }}{{ $v }}{{ end }}{{ .f.Get "x" }}', {"f": files}) == "a1b2<x>"


def test_functions_of_the_caller_replace_built_in_ones_and_check_their_arguments() -> None:
    def shout(text: str) -> str:
        if not text:
            raise FunctionError("nothing to shout")
        return text.upper() + "!"

    assert render('{{ upper "a" }}', {}, functions={"upper": shout}) == "A!"
    assert "expected string; found 1" in failure("{{ shout 1 }}", functions={"shout": shout})
    assert "error calling shout: nothing to shout" in failure('{{ shout "" }}', functions={"shout": shout})


def test_definitions_of_includes_are_shared_and_later_ones_win() -> None:
    includes = {"a": '{{ define "x" }}old{{ end }}', "b": '{{ define "x" }}new{{ end }}'}
    assert render('{{ template "x" }}', {}, includes=includes) == "new"


def test_a_template_that_calls_itself_for_ever_is_an_error() -> None:
    text = '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}'
    assert "too deeply" in failure(text) or "nested reference" in failure(text)


def test_what_tpl_defines_is_seen_by_it_alone() -> None:
    text = """{{ tpl "{{ define \\"x\\" }}1{{ end }}{{ include \\"x\\" . }}" . }}{{ include "x" . }}"""
    assert "not defined" in failure(text)


def test_trim_markers_take_white_space_on_their_side_only() -> None:
    assert render("a \n {{- 1 }} b {{ 2 -}} \n c {{- /* gone */ -}} d", {}) == "a1 b 2c" + "d"


def test_a_number_from_values_prints_as_go_prints_a_float() -> None:
    assert render("{{ .a }} {{ .b }} {{ .c }}", {"a": 1500000.0, "b": 0.5, "c": 1500000}) == "1.5e+06 0.5 1500000"


def test_set_changes_the_callers_map() -> None:
    data: dict[str, Any] = {"values": {}}
    render('{{ $_ := set .values "a" "b" }}', data)
    assert data == {"values": {"a": "b"}}

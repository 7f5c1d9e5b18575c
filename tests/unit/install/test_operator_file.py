"""A malformed IstioOperator says which file, which field, and what to do."""

import pytest

from isthmus.install.errors import InstallError
from isthmus.install.operator_file import parse

HEAD = "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\n"


def test_a_file_gives_its_name_and_spec() -> None:
    file = parse(HEAD + "metadata: {name: eastwest}\nspec: {profile: empty}\n", "x.yaml")
    assert (file.name, file.spec) == ("eastwest", {"profile": "empty"})


def test_an_empty_spec_is_fine() -> None:
    assert parse(HEAD, "x.yaml").spec == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "not YAML"),
        ("", "found 0 documents"),
        (HEAD + "---\n" + HEAD, "found 2 documents; give one -f each"),
        ("- a", "expected an IstioOperator object"),
        ("apiVersion: v1\nkind: ConfigMap", "v1 ConfigMap; expected install.istio.io/v1alpha1 IstioOperator"),
        (HEAD + "values: {}", "unknown field 'values'; settings stand below spec"),
        (HEAD + "spec: {component: {}}", r"spec.component: unknown field; did you mean components\?"),
        (HEAD + "spec: {components: []}", "spec.components: expected a map"),
        (HEAD + "spec: {revision: A_b}", "spec.revision: 'A_b' is no DNS-1123 label"),
        (
            HEAD + "spec: {components: {ingressGateway: {}}}",
            r"spec.components.ingressGateway: unknown field; did you mean ingressGateways\?",
        ),
        (HEAD + "spec: {components: {ingressGateways: {}}}", "expected a list; start each gateway with '- name: …'"),
        (HEAD + "spec: {components: {egressGateways: [{}]}}", r"egressGateways\[0\].name: a gateway needs a name"),
        (HEAD + "spec: {components: {pilot: {enabled: maybe}}}", "'maybe' is neither true nor false"),
        (HEAD + "spec: {components: {pilot: {k8s: {resource: {}}}}}", r"k8s.resource: unknown field; did you mean"),
        (
            HEAD + "spec: {components: {pilot: {k8s: {overlays: [{kind: Deployment, patches: [{value: 1}]}]}}}}",
            r"overlays\[0\].patches: each needs a path",
        ),
    ],
)
def test_a_mistake_is_named_with_its_cure(text: str, sentence: str) -> None:
    with pytest.raises(InstallError, match=sentence) as problem:
        parse(text, "mesh.yaml")
    assert str(problem.value).startswith("mesh.yaml: ")

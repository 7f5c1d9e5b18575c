"""Every recorded template gives what Helm gives, or fails for the same reason."""

from pathlib import Path
from typing import Any

import pytest

from isthmus.gotemplate import Record, TemplateError, Templates, yaml_text

HERE = Path(__file__).parent
CASES = yaml_text.load((HERE / "helm_cases.yaml").read_text())
VALUES = (HERE / "helm_values.yaml").read_text()


def rendered(template: str) -> str:
    data = {
        "Values": yaml_text.load(VALUES, integers=float),
        "Chart": Record("chart.Metadata", {"Name": "t", "Version": "0.1.0"}),
        "Release": {"Name": "rel", "Namespace": "default"},
    }
    templates = Templates(missing_key="zero")
    templates.add("case", template)
    return templates.execute("case", data)


@pytest.mark.parametrize("case", CASES, ids=[case["template"][:60] for case in CASES])
def test_a_template_gives_what_helm_gives(case: dict[str, Any]) -> None:
    if "fails" in case:
        with pytest.raises(TemplateError) as problem:
            rendered(case["template"])
        assert case["fails"] in str(problem.value)
    else:
        assert rendered(case["template"]) == case["output"]

"""The page about the Gateway API says what is true."""

from __future__ import annotations

import re

from isthmus.shipped import PACKAGE
from isthmus.translate.gateway_api import names
from isthmus.translate.gateway_api.features import SUPPORTED

PAGE = (PACKAGE.parents[1] / "docs" / "gateway-api.md").read_text()


def rows(title: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    part = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_lists_the_features_that_the_class_tells() -> None:
    assert [row[0] for row in rows("Supported features")] == list(SUPPORTED)


def test_the_page_lists_the_classes_that_are_made() -> None:
    found = {re.sub("`", "", row[0]): re.sub("`", "", row[1]) for row in rows("Classes")}
    assert found == names.CLASSES

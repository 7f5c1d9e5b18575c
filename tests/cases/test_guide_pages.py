"""The pages of docs/guides tell users exactly the commands that the walkthroughs run."""

from collections.abc import Callable
from pathlib import Path

import pytest
from guide_pages import filled, guide_of, shown

from isthmus.lab.guides import load

ROOT = Path(__file__).parents[2]
WALKTHROUGHS = ROOT / "tests/e2e/guides"
PAGES = {guide: path for path in sorted((ROOT / "docs/guides").glob("*.md")) if (guide := guide_of(path.read_text()))}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_every_step_of_its_walkthrough_once_and_in_order(name: str) -> None:
    guide = load(WALKTHROUGHS, name)
    assert shown(PAGES[name].read_text(), guide) == [step.name for step in guide.steps]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_the_commands_as_they_are_run(name: str, check_golden: Callable[[Path, str | None], None]) -> None:
    page = PAGES[name]
    check_golden(page, filled(page.read_text(), load(WALKTHROUGHS, name)))


def test_the_index_names_every_page_of_a_walkthrough() -> None:
    index = (ROOT / "docs/README.md").read_text()
    assert [page.name for page in PAGES.values() if f"(guides/{page.name})" not in index] == []

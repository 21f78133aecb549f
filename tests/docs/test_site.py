"""The site of docs/: it can be made without a warning, has every public name, and needs nothing but its own files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

from tests.architecture.docstrings import PACKAGES
from tests.helpers.browser import dump_dom
from tests.helpers.tree import ROOT

sys.path.append(str(ROOT / "docs" / "_ext"))

from api import as_rst, public_names
from verbs import page as page_of_verbs

DOCS = ROOT / "docs"
API = "".join(path.read_text("utf-8") for path in sorted((DOCS / "reference" / "api").glob("*.md")))


def test_each_public_name_is_on_a_page_of_the_reference_once() -> None:
    told = re.findall(r"^\.\. (?:auto\w+|alias):: ([\w.]+)", API, re.MULTILINE)
    public = [f"{module}.{name}" for module, names in public_names().items() for name in names]

    assert set(PACKAGES) <= set(public_names())
    assert [name for name in public if name not in told and name != "emitter_typed.cli.main"] == []
    assert sorted(told) == sorted(set(told))


def test_no_page_leaves_out_a_member_that_editors_complete() -> None:
    assert re.findall(r":exclude-members: .*", API) == []


def test_each_page_is_in_the_menu() -> None:
    pages = {str(path.relative_to(DOCS).with_suffix("")) for path in DOCS.glob("**/*.md")}
    menus = [path.read_text("utf-8") for path in (DOCS / "index.md", DOCS / "reference" / "api" / "index.md")]
    listed = {line for menu in menus for line in re.findall(r"^[\w/-]+$", menu, re.MULTILINE)}

    named = {*listed, *(f"reference/api/{name}" for name in listed), "tutorial", "index"}
    assert {page for page in pages if not page.startswith("decisions/0")} - named == set()


def test_docstrings_become_field_lists() -> None:
    docstring = ["Do it.", "", "Args:", "    name: Its name,", "        in full.", "", "Raises:", "    Closed: It is."]

    assert [line for line in as_rst(docstring) if line] == [
        "Do it.",
        ":param name: Its name,",
        "        in full.",
        ":raises Closed: It is.",
    ]


def test_every_verb_and_each_of_its_options_is_on_the_page_of_verbs() -> None:
    from emitter_typed._cli.verbs import VERBS

    page = page_of_verbs()
    for verb in VERBS.values():
        section = page.partition(f"### `{verb.name}`")[2].partition("### ")[0]
        for action in verb.load().parser(verb.name)._actions:
            assert all(f"{option}" in section for option in action.option_strings if option not in ("-h", "--help"))


@pytest.mark.tools
def test_the_site_is_made_without_a_warning_and_holds_together(site: Path, subtests: pytest.Subtests) -> None:
    texts = {page: page.read_text("utf-8") for page in site.glob("**/*.html")}

    with subtests.test("each public name can be linked"):
        inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
        documented = {name for objects in inventory.data.values() for name in objects}
        assert {f"{module}.{name}" for module, names in public_names().items() for name in names} <= documented

    with subtests.test("pages load nothing from elsewhere"):
        loading = re.compile(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(https?:[^"]+)"')
        assert {found for text in texts.values() for found in loading.findall(text)} == set()

    with subtests.test("links between pages lead somewhere"):
        assert broken_links(texts) == set()

    with subtests.test("search finds a page from disk"):
        found = dump_dom(f"{(site / 'search.html').as_uri()}?q=watch_presence", site.parent / "profile")
        assert 'href="reference/api/clients.html' in found

    with subtests.test("search shows pages for users before decisions"):
        found = dump_dom(f"{(site / 'search.html').as_uri()}?q=share+group", site.parent / "profile")
        pages = re.findall(r'<li class="kind-\w+"><a href="([\w-]+)/', found)
        assert {"how-to", "decisions"} <= set(pages)
        assert "how-to" not in pages[pages.index("decisions") :]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Makes the site as `make docs` does."""
    options = ["--builder", "html", "--fail-on-warning", "--keep-going", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(DOCS), str(tmp_path / "html")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return tmp_path / "html"


def broken_links(texts: dict[Path, str]) -> set[tuple[str, str]]:
    """Return the links that lead to no page, or to no place on it, with the pages that they are on."""
    ids = {page: set(re.findall(r'\bid="([^"]+)"', text)) for page, text in texts.items()}
    broken: set[tuple[str, str]] = set()
    for page, text in texts.items():
        for link in re.findall(r'<a [^>]*href="(?!https?:|mailto:)([^"]*)"', text):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and target in ids and anchor not in ids[target]):
                broken.add((page.name, link))
    return broken


@pytest.mark.tools
def test_the_picture_of_the_editor_is_what_the_language_server_says() -> None:
    command = [sys.executable, "-m", "tools.editor_picture", "--check"]

    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0

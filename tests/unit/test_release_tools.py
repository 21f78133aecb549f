"""What decides on a release, what an index shows of it, and which dependencies are tried as the oldest."""

import re

import pytest

from emitter_typed_codegen.version import VERSION
from tests.helpers.pages import README
from tools.long_description import long_description
from tools.oldest import dependencies, oldest
from tools.release_check import main, problems

CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2027-01-31\n\n### Added\n\n- A thing.\n"


def test_a_tag_of_the_version_whose_changes_are_told_may_be_released() -> None:
    pages = {"README.md": 'Install it: pip install "emitter-typed[all]"\n'}

    assert problems("v1.2.0", "1.2.0", CHANGELOG, pages) == []


@pytest.mark.parametrize("line", ["There is no release yet: see below", "| on a package index | not yet | yes |"])
def test_a_page_that_says_that_there_is_no_release_keeps_a_tag_from_being_one(line: str) -> None:
    (problem,) = problems("v1.2.0", "1.2.0", CHANGELOG, {"README.md": f"# Title\n\n{line}\n"})

    assert problem.startswith("README.md:3 says that there is no release")


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "said"),
    [
        ("1.2.0", "1.2.0", CHANGELOG, "the tag must be v1.2.0"),
        ("v1.2.1", "1.2.0", CHANGELOG, "the tag must be v1.2.0"),
        ("v1.3.0", "1.3.0", CHANGELOG, "has no section `## [1.3.0] - YYYY-MM-DD`"),
        ("v1.2.0", "1.2.0", CHANGELOG.replace("2027-01-31", "soon"), "gives soon as the date"),
        ("v1.2.0", "1.2.0", CHANGELOG.replace("- A thing.\n", ""), "says nothing of 1.2.0"),
        ("v1.2.0", "1.2.0", CHANGELOG.replace("- A thing.\n", "## [1.1.0] - 2026-01-31\n\n- Old.\n"), "says nothing"),
    ],
)
def test_what_keeps_a_tag_from_being_a_release_is_said(tag: str, version: str, changelog: str, said: str) -> None:
    (problem,) = problems(tag, version, changelog, {})

    assert said in problem


def test_this_version_may_be_released_once_its_changes_are_dated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["v0.0.0"]) == 1
    assert f"the tag must be v{VERSION}" in capsys.readouterr().err


def test_a_missing_tag_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: python -m tools.release_check TAG" in capsys.readouterr().err


def test_an_index_shows_relative_links_as_words() -> None:
    text = """\
See [the tutorial](docs/tutorial.md#first), [NEWS.md](NEWS.md) and [Emitter](https://emitter.io):

![A picture](docs/picture.svg)

```python
channels[0](each)
```

[Twice](a.md) in [a line](b.md).
"""

    assert (
        long_description(text)
        == """\
See the tutorial (`docs/tutorial.md`), `NEWS.md` and [Emitter](https://emitter.io):

A picture (`docs/picture.svg`)

```python
channels[0](each)
```

Twice (`a.md`) in a line (`b.md`).

Paths on this page are those of the source distribution (sdist) of this release.
"""
    )


def test_no_link_of_the_readme_leads_nowhere_on_an_index() -> None:
    links = re.findall(r"\]\((.*?)\)", long_description(README))

    assert [link for link in links if not link.startswith("https://")] == []
    assert links != []


def test_every_dependency_says_how_old_it_may_be() -> None:
    pins = list(oldest(dependencies()))

    assert {"attrs", "cattrs", "paho-mqtt", "jinja2", "pyyaml"} <= {pin.split("==")[0] for pin in pins}


def test_a_dependency_without_a_lower_bound_is_an_error() -> None:
    with pytest.raises(ValueError, match="attrs<30: expected one lower bound"):
        list(oldest(["attrs<30"]))

"""The files that a forge reads: workflows, forms, and what they name, exist and fit the project."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers.tree import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def read(path: Path) -> Any:  # Any: whatever the YAML holds
    # PyYAML takes the key `on` for a boolean, as YAML 1.1 says; nothing here asks for it.
    return yaml.safe_load(path.read_text("utf-8"))


def jobs() -> dict[str, Any]:  # Any: whatever the YAML holds
    return {f"{path.name}: {name}": job for path in WORKFLOWS for name, job in read(path)["jobs"].items()}


def test_workflows_call_targets_and_modules_that_exist() -> None:
    commands = [step["run"] for job in jobs().values() for step in job["steps"] if "run" in step]
    targets = [
        word
        for command in commands
        for line in command.splitlines()
        if line.startswith("make ")
        for word in line.split()[1:]
        if "=" not in word
    ]
    modules = [name for command in commands for name in re.findall(r"-m (tools\.\w+)", command)]

    assert {"test", "test-tools", "coverage", "test-oldest", "package-check"} <= set(targets)
    assert [word for word in targets if word not in TARGETS] == []
    assert modules == ["tools.release_check"]
    assert (ROOT / "tools" / "release_check.py").is_file()


def test_every_job_ends_in_time_and_has_no_more_rights_than_it_needs() -> None:
    assert [name for name, job in jobs().items() if job.get("timeout-minutes", 999) > 30] == []
    assert {path.name: read(path)["permissions"] for path in WORKFLOWS} == {
        path.name: {"contents": "read"} for path in WORKFLOWS
    }
    assert [name for name, job in jobs().items() if "id-token" in job.get("permissions", {})] == [
        "release.yml: publish"
    ]


def test_every_python_that_the_package_names_is_tried() -> None:
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    named = [one.rpartition(" ")[2] for one in classifiers if re.search(r"Python :: 3\.\d+$", one)]
    matrices = [job["strategy"]["matrix"] for job in jobs().values() if "strategy" in job]

    assert named == PYTHONS
    assert len(matrices) == 2
    assert [matrix["python"] for matrix in matrices] == [PYTHONS, PYTHONS]
    assert [matrix["os"] for matrix in matrices] == [["ubuntu-latest", "macos-latest", "windows-latest"]] * 2


def test_forms_ask_for_what_a_report_needs() -> None:
    forms = {path.name: read(path) for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml"}

    for name, form in forms.items():
        assert {"name", "description", "body"} <= form.keys(), name
        asked = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert len(asked) == len(set(asked)) > 0, name
    assert any(part.get("validations", {}).get("required") for part in forms["bug.yml"]["body"])


def test_hooks_of_contributors_call_what_is_in_the_environment() -> None:
    (repository,) = read(ROOT / ".pre-commit-config.yaml")["repos"]

    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    assert all(hook["entry"].startswith(".venv/bin/") for hook in repository["hooks"])


@pytest.mark.tools
@pytest.mark.timeout(300)
def test_actionlint_finds_nothing_in_the_workflows() -> None:
    program = ROOT / "build" / "actionlint" / "actionlint"
    if not program.exists():
        go = shutil.which("go")
        if go is None:
            pytest.skip("go is not installed")
        command = ["env", f"GOBIN={program.parent}", go, "install", ACTIONLINT]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"actionlint cannot be installed: {done.stderr.strip()[-200:]}")

    # Whether shellcheck and pyflakes are installed differs from machine to machine.
    done = subprocess.run(
        [program, "-shellcheck=", "-pyflakes=", *WORKFLOWS], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.returncode) == ("", 0)

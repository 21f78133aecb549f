"""Builds the distributions and tries the wheel as a stranger would: in a clean environment, without extras.

Run by `make package-check`; needs the development environment for `build`, and the network for pip alone. The
pins of requirements-dev.txt apply in the clean environment as well: the answer depends on this checkout only.
"""

import os
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterable
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (ROOT / "src" / "emitter_typed", ROOT / "codegen" / "emitter_typed_codegen")
RUNTIME_DEPENDENCIES = {"attrs", "cattrs", "paho-mqtt"}
WHEEL_MUST_HAVE = (
    r"emitter_typed/__init__\.py",
    r"emitter_typed/py\.typed",
    r"emitter_typed/_generated/__init__\.py",
    r"emitter_typed_codegen/__init__\.py",
    r"emitter_typed_codegen/py\.typed",
    r"emitter_typed_codegen/_emitter\.py",
    r"emitter_typed_codegen/templates/[^/]+",
    r"emitter_typed-[^/]+\.dist-info/entry_points\.txt",
    r"emitter_typed-[^/]+\.dist-info/licenses/LICENSE",
)
SDIST_MUST_HAVE = (
    r"schema/emitter\.yaml",
    r"src/emitter_typed/__init__\.py",
    r"codegen/emitter_typed_codegen/__init__\.py",
    r"conftest\.py",
    r"tests/conftest\.py",
    r"\.ci/run",
    r"\.github/workflows/[^/]+",
    r"\.pre-commit-config\.yaml",
    r"README\.md",
    r"tools/long_description\.py",
    r"LICENSE",
    r"Makefile",
    r"requirements-dev\.txt",
)
CONSTRAINTS = "constraints.txt"
SCHEMA = """\
emitter-typed: 1
channels:
  hello:
    address: hello/
    payload: text
    doc: Greetings.
"""


TEST = """\
def test_of_other_things(): pass

def test_with_a_client(emitter_client): pass
"""


class CheckFailedError(Exception):
    """What is wrong with the package, in words for whoever ran the check."""


def main() -> int:
    """Runs every step; 0 if all of them hold, 1 with one line that says what does not."""
    with tempfile.TemporaryDirectory(prefix="emitter-typed-package-") as name:
        scratch = Path(name)
        try:
            sdist, wheel = build(scratch / "dist")
            check_sdist(sdist)
            check_wheel(wheel)
            binaries = install(wheel, scratch / "venv")
            check_installed(binaries, scratch / "elsewhere")
            check_pytest_plugin(binaries, scratch / "suite")
        except CheckFailedError as failure:
            print(f"package-check: FAILED: {failure}", file=sys.stderr)
            return 1
    print("package-check: all is well: wheel and sdist build, and the wheel works without extras")
    return 0


def step(text: str) -> None:
    """Tells what comes next, at once, even into a pipe."""
    print(f"package-check: {text}", flush=True)


def build(out: Path) -> tuple[Path, Path]:
    """The sdist, and the wheel built from it: whoever has the sdist alone can make the wheel too."""
    step("building the sdist, and the wheel from it")
    answer = run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)], cwd=ROOT)
    if answer.returncode != 0:
        raise CheckFailedError(f"the build failed:\n{answer.stdout}")
    [sdist] = out.glob("*.tar.gz")
    [wheel] = out.glob("*.whl")
    return sdist, wheel


def check_sdist(sdist: Path) -> None:
    """The sdist holds what it takes to build, to test and to generate."""
    step(f"looking into {sdist.name}")
    with tarfile.open(sdist) as archive:
        # Each name begins with the folder that everything in an sdist lies in.
        names = [member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()]
    require(names, SDIST_MUST_HAVE, sdist.name)


def check_wheel(wheel: Path) -> None:
    """The wheel holds both packages, whole, and nothing else, and asks for the runtime's dependencies."""
    step(f"looking into {wheel.name}")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata_name] = [name for name in names if name.endswith(".dist-info/METADATA")]
        metadata = HeaderParser().parsestr(archive.read(metadata_name).decode())
    require(names, WHEEL_MUST_HAVE, wheel.name)

    sources = {
        path.relative_to(package.parent).as_posix()
        for package in PACKAGES
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.name != ".gitattributes"
    }
    packed = {name for name in names if ".dist-info/" not in name}
    if packed != sources:
        raise CheckFailedError(
            f"{wheel.name} lacks {sorted(sources - packed)} and has {sorted(packed - sources)} too many"
        )

    requirements: list[str] = metadata.get_all("Requires-Dist", [])
    always = {re.split(r"[^\w-]", text)[0] for text in requirements if "extra ==" not in text}
    if always != RUNTIME_DEPENDENCIES:
        raise CheckFailedError(
            f"{wheel.name} always installs {sorted(always)}; expected {sorted(RUNTIME_DEPENDENCIES)}"
        )

    description = str(metadata.get_payload())
    if not description.lstrip().startswith("# emitter-typed\n"):
        raise CheckFailedError(f"the long description of {wheel.name} is not the README")
    lost = re.findall(r"\]\((?!https://)(.*?)\)", description)
    if lost:
        raise CheckFailedError(f"links of the long description of {wheel.name} lead nowhere on an index: {lost}")


def require(names: Iterable[str], patterns: Iterable[str], where: str) -> None:
    """Every pattern matches the whole of some name."""
    present = list(names)
    missing = [pattern for pattern in patterns if not any(re.fullmatch(pattern, name) for name in present)]
    if missing:
        raise CheckFailedError(f"{where} has nothing like {', '.join(missing)}")


def install(wheel: Path, environment: Path) -> Path:
    """Installs the wheel without extras into a new environment; returns the folder of its programs."""
    step("installing the wheel, without extras, into a clean environment")
    venv.create(environment, with_pip=True)
    binaries = environment / ("Scripts" if os.name == "nt" else "bin")
    # Without the hashes: pip would then ask for one of the wheel as well.
    pins = re.findall(r"^[\w.-]+==[^\s\\]+", (ROOT / "requirements-dev.txt").read_text("utf-8"), flags=re.MULTILINE)
    (environment / CONSTRAINTS).write_text("\n".join(pins) + "\n", "utf-8")
    pip_install(str(wheel), binaries)
    return binaries


def pip_install(what: str, binaries: Path) -> None:
    """Installs a package into the environment of these programs."""
    command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", CONSTRAINTS]
    answer = run([str(binaries / "python"), *command, what], cwd=binaries.parent)
    if answer.returncode != 0:
        raise CheckFailedError(f"pip could not install {Path(what).name}:\n{answer.stdout}")


def check_installed(binaries: Path, folder: Path) -> None:
    """The wheel imports, tells its version, and says what to install for the verbs that need an extra."""
    folder.mkdir()
    (folder / "x.yaml").write_text(SCHEMA, "utf-8")
    python, program = str(binaries / "python"), str(binaries / "emitter-typed")

    step("importing emitter_typed, and every public name, far from the checkout")
    code = "import emitter_typed as e; [getattr(e, name) for name in e.__all__]; print(e.__file__)"
    imported = run([python, "-c", code], cwd=folder)
    home = Path(imported.stdout.strip())
    if imported.returncode != 0 or not home.is_relative_to(binaries.parent.resolve()):
        raise CheckFailedError(f"`import emitter_typed` did not work from the wheel:\n{imported.stdout}")

    version = project_version()
    for command in ([program, "--version"], [python, "-m", "emitter_typed", "--version"]):
        step(f"running {shown(command)}")
        answer = run(command, cwd=folder)
        if answer.returncode != 0 or version not in answer.stdout.split():
            raise CheckFailedError(f"{shown(command)} does not say {version}:\n{answer.stdout}")

    command = [program, "doctor"]
    step(f"running {shown(command)}: nobody has to have an extra")
    answer = run(command, cwd=folder)
    if answer.returncode != 0:
        raise CheckFailedError(f"{shown(command)} finds something to do without extras:\n{answer.stdout}")

    for extra, arguments in (("codegen", ["generate", "x.yaml", "--out", "y"]), ("broker", ["broker"])):
        command = [program, *arguments]
        step(f"running {shown(command)}, which needs the extra `{extra}`")
        answer = run(command, cwd=folder)
        advice = f'pip install "emitter-typed[{extra}]"'
        if answer.returncode != 2 or advice not in answer.stdout or len(answer.stdout.splitlines()) != 1:
            raise CheckFailedError(
                f"{shown(command)} should end with 2 and say `{advice}` in one line; "
                f"it ended with {answer.returncode} and said:\n{answer.stdout}"
            )
        if (folder / "y").exists():
            raise CheckFailedError(f"{shown(command)} left something half written in y")


def check_pytest_plugin(binaries: Path, folder: Path) -> None:
    """Pytest finds the plugin; without the extra it disturbs nobody, and its fixtures say what to install."""
    step("installing pytest beside it, and running a test that uses a fixture, which needs the extra `broker`")
    pip_install("pytest", binaries)
    folder.mkdir()
    (folder / "test_it.py").write_text(TEST, "utf-8")
    answer = run([str(binaries / "python"), "-m", "pytest", "-W", "error"], cwd=folder)
    advice = 'the embedded broker needs the extra broker: pip install "emitter-typed[broker]"'
    if "1 passed, 1 error" not in answer.stdout or advice not in answer.stdout.splitlines():
        raise CheckFailedError(f"one test should pass, and the other end with the line `{advice}`:\n{answer.stdout}")


def project_version() -> str:
    """The version as the source has it, read as text: this program imports nothing of the project."""
    text = (ROOT / "codegen" / "emitter_typed_codegen" / "version.py").read_text("utf-8")
    found = re.search(r'^VERSION = "(.+)"$', text, flags=re.MULTILINE)
    if found is None:
        raise CheckFailedError('codegen/emitter_typed_codegen/version.py has no line `VERSION = "…"`')
    return found[1]


def shown(command: list[str]) -> str:
    """The command as a person would type it."""
    return " ".join([Path(command[0]).name, *command[1:]])


def run(command: list[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end, both outputs as one text, the caller's Python settings left out."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise CheckFailedError(f"{shown(command)} was not done after {late.timeout:.0f} s") from None


if __name__ == "__main__":
    sys.exit(main())

"""Types of another file: what they are called, and where their packages lie."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from emitter_typed_codegen.cli import main
from emitter_typed_codegen.model import (
    Alias,
    List,
    Map,
    Named,
    Optional,
    Record,
    Scalar,
    Union,
    digest,
    reached,
)
from emitter_typed_codegen.packages import module_name
from emitter_typed_codegen.problems import SchemaProblems
from emitter_typed_codegen.resolve import load

UNITS = (
    "types: {Unit: {enum: [c, k]}, Share: {alias: float, minimum: 0}, "
    'Box: {fields: {unit: Unit, box: Box?, units: "[Unit]", by_name: "{string: Unit}"}}}'
)


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"emitter-typed: 1\n{text}\n", "utf-8")
    return folder / next(iter(files))


def problems(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(SchemaProblems) as caught:
        load(path)
    return [(Path(one.file).name, one.rule) for one in caught.value.problems]


def test_a_type_keeps_its_own_types_when_it_is_imported(tmp_path: Path) -> None:
    schema = load(
        write(tmp_path, {"a.yaml": "imports: {u: u.yaml}\ntypes: {T: {fields: {x: u.Box}}}", "u.yaml": UNITS})
    )

    box = schema.by_name["u.Box"]
    assert isinstance(box, Record)
    unit = Named("u.Unit")
    assert [one.type for one in box.fields] == [unit, Optional(Named("u.Box")), List(unit), Map(unit)]
    assert [one.name for one in schema.types] == ["T"]
    assert isinstance(share := schema.by_name["u.Share"], Alias)
    assert share.type == Scalar("float")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Box", "write b.Box"),
        ("b.box", "did you mean 'b.Box'?"),
        ("b:Box", "write b.Box"),
        ("b::Box", "write b.Box"),
        ("b.Unit", "declare it in the file of b, or import the file that declares it here, too"),
        ("b.u.Unit", "declare it in the file of b, or import the file that declares it here, too"),
        ("u.Unit", "import its file, as in imports: {u: ./u.yaml}"),
    ],
)
def test_a_type_of_another_file_that_is_not_named_so_is_told_with_what_to_write(
    name: str, hint: str, tmp_path: Path
) -> None:
    path = write(
        tmp_path,
        {
            "a.yaml": f"imports: {{b: b.yaml}}\ntypes: {{T: {{fields: {{x: {name}}}}}}}",
            "b.yaml": "imports: {u: u.yaml}\ntypes: {Box: {fields: {unit: u.Unit}}}",
            "u.yaml": "types: {Unit: {enum: [c]}}",
        },
    )

    with pytest.raises(SchemaProblems) as caught:
        load(path)

    assert [one.hint for one in caught.value.problems] == [hint]


def test_an_import_without_its_suffix_is_told_the_name_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, {"a.yaml": "imports: {units: ./units}", "units.yaml": "types: {}"})

    with pytest.raises(SchemaProblems) as caught:
        load(path)

    assert [one.hint for one in caught.value.problems] == ["did you mean 'units.yaml'?"]


def test_a_file_that_is_reached_twice_has_one_name(tmp_path: Path) -> None:
    """Else two fields of one type would have different ones. Of two short ways, the names decide, not the text."""
    schema = load(
        write(
            tmp_path,
            {
                "a.yaml": "imports: {b: b.yaml, c: d/c.yaml, u: d/u.yaml, same: ./d/../d/u.yaml}\n"
                "types: {T: {union: [same.Box, b.B], tag: kind}, V: {fields: {x: u.Box, y: same.Box}}}",
                "b.yaml": "imports: {mine: d/u.yaml}\ntypes: {B: {fields: {x: mine.Unit}}}",
                "d/c.yaml": "imports: {u: ../d/u.yaml, b: ../b.yaml}",
                "d/u.yaml": UNITS,
            },
        )
    )

    assert [*reached(schema.imports)] == ["b", "c", "same"]
    assert isinstance(b := schema.by_name["b.B"], Record)
    assert b.fields[0].type == Named("same.Unit")
    assert isinstance(t := schema.by_name["T"], Union)
    assert t.members == (("box", "same.Box"), ("b", "b.B"))
    assert isinstance(v := schema.by_name["V"], Record)
    assert v.fields[0].type == v.fields[1].type


def test_only_a_schemas_own_imports_can_be_named(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {
            "a.yaml": "imports: {b: b.yaml}\ntypes: {T: {fields: {x: b.u.Unit}}}",
            "b.yaml": "imports: {u: u.yaml}",
            "u.yaml": UNITS,
        },
    )

    assert problems(path) == [("a.yaml", "unknown-type")]


def test_a_file_is_read_once_and_its_problems_are_told_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {
            "a.yaml": "imports: {b: b.yaml, u: u.yaml}\ntypes: {T: {fields: {x: u.Unit, y: b.B, z: '[u.None]'}}}",
            "b.yaml": "imports: {u: u.yaml}\ntypes: {B: {fields: {x: u.Unit}}}",
            "u.yaml": "types: {Unit: {enum: []}}",
        },
    )

    assert problems(path) == [("u.yaml", "wrong-shape")]


def test_a_chain_of_files_ends(tmp_path: Path) -> None:
    chain = {f"f{number}.yaml": f"imports: {{next: f{number + 1}.yaml}}" for number in range(60)}

    assert problems(write(tmp_path, chain)) == [("f16.yaml", "bad-import")]


def test_many_ways_to_the_same_files_take_no_time(tmp_path: Path) -> None:
    layers = {
        f"{layer}-{number}.yaml": "imports: {"
        + ", ".join(f"n{other}: {layer + 1}-{other}.yaml" for other in range(5) if layer < 14)
        + "}"
        for layer in range(15)
        for number in range(5)
    }

    assert len(reached(load(write(tmp_path, layers)).imports)) == 14 * 5


def test_a_protocol_is_no_file_of_types(tmp_path: Path) -> None:
    protocol = (Path(__file__).parents[4] / "schema" / "emitter.yaml").read_text("utf-8")
    path = write(tmp_path, {"a.yaml": "imports: {e: e.yaml, u: u.yaml}\nerrors: {}", "u.yaml": UNITS})
    (tmp_path / "e.yaml").write_text(protocol, "utf-8")
    (tmp_path / "p.yaml").write_text(f"imports: {{u: u.yaml}}\n{protocol}", "utf-8")

    assert problems(path) == [("a.yaml", "bad-import"), ("a.yaml", "needs-envelope")]
    assert problems(tmp_path / "p.yaml") == [("p.yaml", "bad-import")]


@pytest.mark.parametrize(
    ("packages", "package", "importing", "name"),
    [
        (["src"], "src/u_api", "src/home_api", "..u_api"),
        ([], "src/u_api", "src/home_api", "u_api"),
        (["src/app", "src/app/shared"], "src/app/shared/u_api", "src/app/home_api", "app.shared.u_api"),
    ],
)
def test_a_package_is_named_as_python_finds_it(
    tmp_path: Path, packages: list[str], package: str, importing: str, name: str
) -> None:
    for folder in packages:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "__init__.py").touch()

    assert module_name(tmp_path / package, tmp_path / importing) == name


HOUSE = {
    "house.yaml": "imports: {common: shared/common.yaml}\ntypes: {T: {fields: {x: common.Unit}}}",
    "garden.yaml": "imports: {units: shared/common.yaml}\ntypes: {T: {fields: {x: units.Unit}}}",
    "shared/common.yaml": UNITS,
}


def generate(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.chdir(folder)
    return main(["generate", *arguments])


@pytest.mark.parametrize(
    ("start", "out"), [("src/house_api", "."), ("src/house_api/inner", ".."), ("elsewhere", "link")]
)
def test_the_package_of_an_imported_file_lies_beside_the_other_however_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str, out: str
) -> None:
    schema = write(tmp_path, HOUSE)
    for folder in ("src/house_api/inner", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "elsewhere/link").symlink_to(tmp_path / "src/house_api")

    assert generate(tmp_path / start, monkeypatch, str(schema), "--out", out) == 0

    assert [*tmp_path.rglob("common_api")] == [tmp_path / "src/common_api"]
    assert (tmp_path / "src/common_api/types.py").is_file()


def test_two_schemas_share_the_package_of_what_both_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, HOUSE)

    assert generate(tmp_path, monkeypatch, "house.yaml", "--out", "src/house_api") == 0
    before = (tmp_path / "src/common_api/manifest.json").read_bytes()
    assert generate(tmp_path, monkeypatch, "garden.yaml", "--out", "src/garden_api") == 0

    assert (tmp_path / "src/common_api/manifest.json").read_bytes() == before
    assert generate(tmp_path, monkeypatch, "house.yaml", "--out", "src/house_api", "--check") == 0
    (tmp_path / "shared/common.yaml").write_text(f"emitter-typed: 1\n{UNITS} # new\n", "utf-8")
    assert generate(tmp_path, monkeypatch, "house.yaml", "--out", "src/house_api", "--check") == 0
    (tmp_path / "shared/common.yaml").write_text(f"emitter-typed: 1\ndoc: New.\n{UNITS}\n", "utf-8")
    assert generate(tmp_path, monkeypatch, "house.yaml", "--out", "src/house_api", "--check") == 1


def test_a_job_says_where_the_package_of_an_import_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, HOUSE)
    jobs = [("house.yaml", "house_api"), ("shared/common.yaml", "lib/units"), ("garden.yaml", "garden_api")]
    (tmp_path / "pyproject.toml").write_text(
        "".join(f'[[tool.emitter-typed.jobs]]\nschema = "{schema}"\nout = "{out}"\n' for schema, out in jobs)
    )
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "__init__.py").touch()

    assert generate(tmp_path, monkeypatch) == 0

    assert capsys.readouterr().out.count("wrote") == 3
    assert "import lib.units as units" in (tmp_path / "garden_api/types.py").read_text("utf-8")
    manifest = json.loads((tmp_path / "garden_api/manifest.json").read_text("utf-8"))
    assert manifest["imports"] == {"units": digest(load(tmp_path / "shared/common.yaml"))}


def test_two_files_of_one_name_need_a_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"a.yaml": "imports: {b: b/u.yaml, c: c/u.yaml}", "b/u.yaml": UNITS, "c/u.yaml": UNITS})

    assert generate(tmp_path, monkeypatch, "a.yaml", "--out", "a_api") == 1

    assert "add a job for it to [tool.emitter-typed]" in capsys.readouterr().err
    assert not (tmp_path / "a_api").exists()


def test_a_problem_of_a_shared_file_is_told_once_for_all_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {**HOUSE, "shared/common.yaml": "types: {Unit: {enum: []}}"})
    monkeypatch.chdir(tmp_path)

    assert main(["check", "house.yaml", "garden.yaml"]) == 1

    assert capsys.readouterr().err.count("wrong-shape") == 1


@pytest.mark.parametrize("written", ["Parts/units.yaml", "parts/Units.yaml", "./parts/../PARTS/units.yaml"])
def test_a_path_in_another_case_is_refused_also_where_the_system_would_open_the_file(
    tmp_path: Path, written: str
) -> None:
    """macOS would: the same schema would then be refused on Linux."""
    path = write(tmp_path, {"a.yaml": f"imports: {{u: {written}}}\ntypes: {{}}", "parts/units.yaml": UNITS})

    with pytest.raises(SchemaProblems) as caught:
        load(path)

    (problem,) = caught.value.problems
    assert (problem.rule, "parts/units.yaml'" in problem.message) == ("bad-import", True)


def test_files_whose_names_differ_in_case_alone_are_each_imported(tmp_path: Path) -> None:
    path = write(tmp_path, {"a.yaml": "imports: {u: u.yaml, v: U.yaml}\ntypes: {}", "u.yaml": UNITS, "U.yaml": UNITS})
    if len([*tmp_path.iterdir()]) < 3:
        pytest.skip("upper and lower case are not told apart here")

    assert [one.name for one in load(path).imports] == ["u", "v"]

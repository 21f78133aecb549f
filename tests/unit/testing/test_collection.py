"""What a schema calls `Test…` is taken for no test."""

from __future__ import annotations

import pytest

from emitter_typed_codegen.cli import main
from tests.unit.testing.suites import Suite

pytest_plugins = ["pytester"]

SCHEMA = """
emitter-typed: 1
types:
  TestRecord: {fields: {mode: TestMode, same: TestRecord?}}
  TestMode: {enum: [a, b], open: true}
  TestUnion: {union: [TestRecord, TestOther], tag: kind}
  TestOther: {fields: {x: {type: int, default: 1}}}
  TestDistinct: {alias: string, distinct: true}
  TestText: {alias: string}
  TestNumber: {alias: int, minimum: 1}
  TestTime: {alias: datetime}
  TestPrice: {alias: decimal}
  TestList: {alias: "[TestText]"}
  TestOptional: {alias: "int?"}
  TestJson: {alias: json}
  TestSame: {alias: TestOther}
channels:
  test_record: {address: "record/{room}/", payload: TestRecord}
  test_mode: {address: "mode/", payload: TestMode, deprecated: unused}
"""


def test_types_channels_and_facades_are_left_alone(pytester: pytest.Pytester, suite: Suite) -> None:
    schema = pytester.path / "test_house.yaml"
    schema.write_text(SCHEMA, "utf-8")
    assert main(["generate", str(schema), "--out", str(pytester.path / "test_house_api")]) == 0

    ran = suite("""
from test_house_api import *
from test_house_api.types import *
from test_house_api.channels import *
from test_house_api.facade import *

def test_they_are_there():
    assert [*TestMode] == [TestMode.A, TestMode.B]
    assert {"TestHouse", "TestRecordChannel", "TestRecordParams", "TestText", "TestSame"} <= {*globals()}

class TestOfMine:
    def test_it(self):
        assert TestOther().x == 1

TestOfMineAgain = TestOfMine
""")

    ran.assert_outcomes(passed=3)

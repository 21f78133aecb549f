"""Every row of the table of changes, with packages of the old and the new schema that exchange messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from operator import attrgetter
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Any, cast

import attrs
import pytest

from emitter_typed import Client, EmitterError, Undecodable
from emitter_typed._protocol.payloads import codec, parameters
from emitter_typed.broker import Broker
from emitter_typed_codegen.compare import RULES, Change, compare
from emitter_typed_codegen.compare.wire import misread
from emitter_typed_codegen.model import Schema
from emitter_typed_codegen.resolve import load
from tests.behaviour.conftest import Generated
from tests.behaviour.generated.schema_changes import REFUSED, ROWS, SENT, SILENCE, A, B, Row
from tests.helpers.loops import LIMIT_S

IDS = [f"{row.rule}-{number}" for number, row in enumerate(ROWS)]
OPTIONS = [row for row in ROWS if row.rule.startswith("option-")]
UNITS = "emitter-typed: 1\ntypes: {Unit: {enum: [metre]}}\n"


@pytest.fixture
def broker(emitter_broker: Broker) -> Broker:
    """The embedded broker, wherever EMITTER_URL points: each row stores to the same channel."""
    return emitter_broker


class Program:
    """A program that was made with one of the two packages."""

    def __init__(self, package: ModuleType, client: Client, broker: Broker) -> None:
        made: Any = package
        facade = made.Home if hasattr(made, "Home") else made.House
        self.key = client.keygen(broker.master_key, "a/#/", "rws").key
        self.channel = _channel(facade(client, self.key))
        # A key that may load brings stored messages to a subscription as well.
        loading = client.keygen(broker.master_key, "a/#/", "rwsl").key
        self.stored = _channel(facade(client, loading))
        self.definition: Any = self.channel._definition
        self.client = client
        self.errors: SimpleQueue[EmitterError] = SimpleQueue()
        client.on_error = self.errors.put

    @property
    def publishes(self) -> bool:
        return hasattr(self.channel, "publish") or self.definition.params is not None

    def publish(self, sends: object, **options: int) -> None:
        channel: Any = self.channel
        payload = sends
        if isinstance(sends, tuple):
            params, payload = cast("tuple[dict[str, object], object]", sends)
            texts = {name: str(value) for name, value in params.items()}
            given: Any = parameters.read(texts, self.definition.params, channel="a/")
            channel = channel(**{name: getattr(given, name) for name in texts})
        value: object = codec.decode(json.dumps(payload).encode(), self.definition.payload)
        channel.publish(value, qos=1, **options)

    def made_of(self, event: Any) -> object:
        """Return a message as JSON, with its parameters if it has any."""
        if isinstance(event, Undecodable):
            return REFUSED
        payload = json.loads(codec.encode(event.payload, self.definition.payload))
        if event.params is None:
            return payload
        cls = cast("Any", type(event.params))
        names = [each.name for each in attrs.fields(cls)]
        return {name: _plain(getattr(event.params, name)) for name in names}, payload

    def history(self, expected: object) -> object:
        """Return what it makes of the one message that is stored."""
        messages = list(self.stored.history())
        if messages:
            (message,) = messages
            return self.made_of(message)
        if expected == SILENCE:
            return SILENCE
        assert isinstance(self.errors.get(timeout=LIMIT_S), Undecodable)
        return REFUSED


def _channel(facade: object) -> Any:
    """Return the first channel of a facade."""
    return next(iter(vars(facade).values()))


def _plain(value: object) -> object:
    return getattr(value, "value", value)


def _received(reader: Program, own: object, writer: Program, sends: object, expected: object) -> object:
    """Return what a program makes of another's message, which is silence if its own comes first."""
    events = reader.channel.subscribe().events()
    writer.publish(sends)
    if reader.publishes:
        reader.publish(own)
    received = reader.made_of(next(events))
    return SILENCE if expected == SILENCE and received == own else received


@pytest.fixture
def programs(
    request: pytest.FixtureRequest, generated: Generated, broker: Broker, client: Client, tmp_path: Path
) -> Iterator[tuple[Program, Program, ModuleType, ModuleType]]:
    row: Row = request.param
    (tmp_path / "units.yaml").write_text(UNITS, "utf-8")
    packages = generated(row.old), generated(row.new)
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as other:
        yield Program(packages[0], client, broker), Program(packages[1], other, broker), *packages


def _changes(row: Row, folder: Path) -> tuple[Change, ...]:
    (folder / "units.yaml").write_text(UNITS, "utf-8")
    schemas: list[Schema] = []
    for name, text in (("old", row.old), ("new", row.new)):
        path = folder / f"{name}.yaml"
        path.write_text(f"emitter-typed: 1\n{text}", "utf-8")
        schemas.append(load(path))
    return compare(*schemas)


TIMES = {
    "datetime:unix": ("Unix", "{type: datetime, format: unix}"),
    "datetime:unix_ms": ("UnixMs", "{type: datetime, format: unix_ms}"),
    "datetime:unix_float": ("UnixFloat", "{type: datetime, format: unix_float}"),
    "duration": ("Duration", "duration"),
    "duration:seconds": ("Seconds", "{type: duration, format: seconds}"),
    "duration:milliseconds": ("Milliseconds", "{type: duration, format: milliseconds}"),
}


def test_a_misread_time_is_what_programs_read(generated: Generated) -> None:
    records = "".join(f"  {name}: {{fields: {{at: {form}}}}}\n" for name, form in TIMES.values())
    package = generated(f"name: Home\ntypes:\n{records}")
    for reader, writer in permutations(TIMES, 2):
        wrote, reads = (getattr(package, TIMES[kind][0]) for kind in (writer, reader))
        sent: Any = datetime(2026, 1, 1, tzinfo=UTC) if writer.startswith("datetime") else timedelta(seconds=90)
        whole, received = _exchanged(wrote, reads, sent)
        fraction = received
        if writer in ("duration", "datetime:unix_float"):
            fraction = _exchanged(wrote, reads, sent + timedelta(seconds=0.5))[1]

        told = misread(reader, writer)

        if told is None:
            assert received == sent
        else:
            assert told[0] == (REFUSED in (received, fraction))
            makes = "refuse {}" if received == REFUSED else f"read {{}} as {_spelled(received)}"
            assert told[1] == makes.format(f"{whole} ({_spelled(sent)})")


def _exchanged(wrote: Any, reads: Any, sent: object) -> tuple[object, object]:
    """Return what a program writes, and what another one reads."""
    document = codec.encode(wrote(at=sent), wrote)
    try:
        received: object = codec.decode(document, reads).at
    except EmitterError:
        received = REFUSED
    return json.loads(document)["at"], received


def _spelled(value: object) -> str:
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g} s"
    assert isinstance(value, datetime)
    return value.isoformat().replace("+00:00", "Z")


def test_every_rule_has_a_row() -> None:
    assert {row.rule for row in ROWS} == set(RULES)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_change_is_told_by_its_rule(row: Row, tmp_path: Path) -> None:
    assert {change.rule.id for change in _changes(row, tmp_path)} == {row.rule, *row.also}


@pytest.mark.parametrize(("programs", "row"), [(row, row) for row in ROWS], ids=IDS, indirect=["programs"])
def test_a_change_does_what_the_table_says(
    programs: tuple[Program, Program, ModuleType, ModuleType], row: Row, tmp_path: Path
) -> None:
    old, new, old_package, new_package = programs
    effects = {effect for change in _changes(row, tmp_path) for effect in change.rule.effects}
    new_reads = row.old_sends if row.new_reads == SENT else row.new_reads
    old_reads = row.new_sends if row.old_reads == SENT else row.old_reads
    stored = new_reads if row.stored is None else row.new_reads_stored

    if row.stored is None:
        old.publish(row.old_sends, ttl=90)
    else:
        old.client.publish(old.key, "a/reading/", row.stored, ttl=90, qos=1)
    assert new.history(stored) == stored
    assert _received(new, row.new_sends, old, row.old_sends, new_reads) == new_reads
    if new.publishes and hasattr(old.channel, "subscribe"):
        assert _received(old, row.old_sends, new, row.new_sends, old_reads) == old_reads

    assert ("breaks-readers" in effects) == (old_reads == REFUSED)
    assert ("breaks-writers" in effects) == (new_reads == REFUSED)
    assert ("breaks-stored" in effects) == (stored == REFUSED)
    assert ("moves-channel" in effects) == (SILENCE in (old_reads, new_reads))
    if "loses-value" in effects:
        changed = (old_reads, new_reads) != (row.new_sends, row.old_sends) or row.stored is not None
        assert changed != row.meaning
    if "python-only" in RULES[row.rule].effects:
        assert row.gone or row.otherwise
    if row.gone:
        attrgetter(row.gone)(old_package)
        with pytest.raises(AttributeError):
            attrgetter(row.gone)(new_package)
    if row.otherwise:
        one, other = (attrgetter(row.otherwise)(package) for package in (old_package, new_package))
        assert repr(one) != repr(other)


@pytest.mark.parametrize(
    ("programs", "row"), [(row, row) for row in OPTIONS], ids=[row.rule for row in OPTIONS], indirect=["programs"]
)
def test_an_option_decides_how_long_a_message_is_stored(
    programs: tuple[Program, Program, ModuleType, ModuleType], row: Row, broker: Broker
) -> None:
    old, new, _, _ = programs
    old.publish(A)
    new.publish(B)

    broker.clock.advance(45)

    assert [old.made_of(message) for message in old.stored.history()] == ([B] if row.rule == "option-added" else [A])

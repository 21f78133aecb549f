"""What a call says becomes a topic and a header, or an error that names what is wrong, before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest

from emitter_typed import Client, Key, PublishOption
from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._generated.types import PresenceRequest
from emitter_typed._protocol.operations import Prepared, check_filter_size, check_size, prepare, write
from emitter_typed.contract import Option
from emitter_typed.errors import InvalidArgument

LIMIT = PROTOCOL.envelope.max_packet_bytes
SINCE = datetime(2026, 1, 31, 12, tzinfo=UTC)


def publish(options: Iterable[Option] = (), **given: object) -> Prepared:
    return prepare(PROTOCOL.operations["publish"], ("k", "a/b"), options, given)


def subscribe(**given: object) -> Prepared:
    return prepare(PROTOCOL.operations["subscribe"], (Key("k"), "a/+/"), (), given)


def test_a_topic_is_key_channel_and_options() -> None:
    assert publish().topic == publish().bare_topic == "k/a/b/"
    assert publish(ttl=60, echo=False).topic == "k/a/b/?ttl=60&me=0"
    assert publish(ttl=timedelta(minutes=1), echo=True).topic == "k/a/b/?ttl=60"
    assert subscribe(last=5, since=SINCE).topic == f"k/a/+/?last=5&from={int(SINCE.timestamp())}"
    assert subscribe(last=5).bare_topic == "k/a/+/"
    assert subscribe(last=0).topic == "k/a/+/?last=0"


def test_headers_are_not_written_into_the_topic() -> None:
    prepared = publish(qos=1, retain=True)
    assert (prepared.topic, prepared.qos, prepared.retain) == ("k/a/b/", 1, True)
    assert (publish().qos, publish().retain) == (0, False)
    assert prepare(PROTOCOL.operations["publish_nowait"], ("k", "a/")).qos == 1


def test_sets_of_options_and_keywords_say_the_same() -> None:
    classic = publish({Client.with_ttl(60), Client.without_echo(), Client.with_retain(), Client.with_at_least_once()})
    assert classic == publish(ttl=60, echo=False, retain=True, qos=1)
    assert publish([Client.with_ttl(60)], echo=False) == publish(ttl=60, echo=False)
    assert publish([Client.with_ttl(60)], ttl=60) == publish(ttl=60)


def test_an_option_that_is_said_twice_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="ttl: given twice"):
        publish([Client.with_ttl(60)], ttl=61)
    with pytest.raises(InvalidArgument, match="qos: given twice"):
        publish([Client.with_at_least_once(), Client.with_at_most_once()])


def test_an_option_of_another_operation_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="options: publish does not take last; it takes ttl, echo, retain, qos"):
        publish([Client.with_last(5)])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ttl", -1),
        ("ttl", 1.5),
        ("ttl", math.inf),
        ("ttl", math.nan),
        ("ttl", "60"),
        ("ttl", True),
        ("echo", 0),
        ("retain", 1),
        ("qos", 2),
        ("qos", True),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(InvalidArgument) as caught:
        prepare(PROTOCOL.operations["publish"], ("k", "a/"), (), {name: value})
    assert caught.value.argument == name


def test_a_value_that_equals_an_accepted_one_and_is_of_another_type_is_refused_all_the_same() -> None:
    assert publish(ttl=1, qos=1, echo=True).topic == "k/a/b/?ttl=1"
    for given in ({"ttl": True}, {"qos": True}, {"qos": 1.0}, {"echo": 1}):
        with pytest.raises(InvalidArgument) as caught:
            publish((), **{"ttl": 1, "qos": 1, "echo": True, **given})
        assert [caught.value.argument] == list(given)


@pytest.mark.parametrize(("argument", "channel", "ttl"), [("ttl", "a/", [60]), ("channel", ["a/"], 60)])
def test_what_cannot_be_hashed_is_refused_by_name(argument: str, channel: str, ttl: object) -> None:
    with pytest.raises(InvalidArgument) as caught:
        prepare(PROTOCOL.operations["publish"], ("k", channel), (), {"ttl": ttl})
    assert caught.value.argument == argument


@pytest.mark.parametrize(
    "since",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001  # naive on purpose
        datetime(2017, 12, 31, tzinfo=UTC),
        datetime(2067, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=12))),
        1769860800,
    ],
)
def test_a_time_that_the_broker_would_ignore_is_refused(since: object) -> None:
    with pytest.raises(InvalidArgument):
        subscribe(since=since)


@pytest.mark.parametrize("operation", ["subscribe", "history"])
def test_a_window_that_ends_before_it_begins_is_refused(operation: str) -> None:
    def window(since: datetime, until: datetime) -> Prepared:
        return prepare(PROTOCOL.operations[operation], (Key("k"), "a/"), (), {"since": since, "until": until})

    with pytest.raises(InvalidArgument, match="since: must not be after until") as caught:
        window(SINCE + timedelta(seconds=1), SINCE)
    assert caught.value.argument == "since"
    shown = (SINCE + timedelta(seconds=1)).isoformat(), SINCE.isoformat()
    assert caught.value.message == "since: must not be after until: it is {}, and until is {}".format(*shown)
    # The same moment, in two time zones.
    assert window(SINCE, SINCE.astimezone(timezone(timedelta(hours=2)))).channel == "a/"


class AutumnHour(tzinfo):
    """A zone in an hour that its clocks repeat: first at +02:00, then at +01:00."""

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return timedelta(hours=1 if dt is not None and dt.fold else 2)

    def dst(self, dt: datetime | None) -> timedelta:
        return self.utcoffset(dt) - timedelta(hours=1)

    def tzname(self, dt: datetime | None) -> str:
        return "autumn"


def test_of_two_times_that_a_clock_shows_alike_each_is_sent_as_itself() -> None:
    early = datetime(2026, 10, 25, 2, 30, tzinfo=AutumnHour())
    late = early.replace(fold=1)
    assert early == late
    sent = [subscribe(since=since).topic.partition("from=")[2] for since in (early, late, early)]
    assert sent == [str(int(since.timestamp())) for since in (early, late, early)]
    # Half an hour later, though its clock shows half an hour less.
    assert subscribe(since=early, until=late.replace(minute=0)).channel == "a/+/"
    for since in (late.replace(tzinfo=None), datetime.max.replace(tzinfo=timezone(-timedelta(hours=12)), fold=1)):
        with pytest.raises(InvalidArgument):
            subscribe(since=since)


@pytest.mark.parametrize("key", ["", "a/b", "a b", "ké", "a?", "a#", "+", "{channel}", None])
def test_what_is_no_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        prepare(PROTOCOL.operations["publish"], (key, "a/"))
    assert (caught.value.argument, caught.value.value) == ("key", None)


def test_a_topic_does_not_show_its_key() -> None:
    assert "s3cret" not in repr(prepare(PROTOCOL.operations["publish"], ("s3cret", "a/")))


@pytest.mark.parametrize("qos", [0, 1])
def test_a_packet_is_full_at_its_limit(qos: int) -> None:
    prepared = publish(qos=qos)
    assert LIMIT == 65_536
    room = LIMIT - 2 - len(prepared.topic) - 2 * qos
    check_size(len(prepared.topic), prepared.channel, room, LIMIT, qos=qos)
    with pytest.raises(InvalidArgument, match=f"at most {room} fit"):
        check_size(len(prepared.topic), prepared.channel, room + 1, LIMIT, qos=qos)


def test_a_filter_is_full_at_its_limit() -> None:
    room = LIMIT - 2 - 2 - 1 - len("k//")
    check_filter_size(prepare(PROTOCOL.operations["subscribe"], ("k", "a" * room)), LIMIT)
    with pytest.raises(InvalidArgument):
        check_filter_size(prepare(PROTOCOL.operations["subscribe"], ("k", "a" * (room + 1))), LIMIT)


def test_an_option_shows_what_it_is() -> None:
    assert Client.with_ttl(5) == PublishOption("ttl", 5)


def test_a_wrong_field_of_a_request_is_named_as_the_parameter_that_it_is() -> None:
    with pytest.raises(InvalidArgument, match=r"^status: expected a boolean, got a text$") as caught:
        write(PresenceRequest(key=Key("k" * 32), channel="a/", status="x"))  # type: ignore[arg-type]  # the promise

    assert caught.value.argument == "status"


def test_a_key_in_the_place_of_the_channel_is_told_with_the_order() -> None:
    with pytest.raises(
        InvalidArgument,
        match=r"^channel: expected a text, got a Key.*; the key looks swapped .*: the order is key, channel$",
    ):
        prepare(PROTOCOL.operations["publish"], ("a/", Key("k" * 32)))

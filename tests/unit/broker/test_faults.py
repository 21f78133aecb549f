"""What is asked to go wrong goes wrong, just so, and nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from emitter_typed import Client, Message
from emitter_typed import Will as LastWill
from emitter_typed._broker.core import BrokerCore
from emitter_typed._broker.faults import SentPacket
from emitter_typed._broker.gate import Gate
from emitter_typed.broker import AsyncBroker, Broker, Faults, Limits, ManualClock
from emitter_typed.errors import Closed, ConnectionLost, InvalidArgument
from tests.helpers.dialling import LIMIT_S, Dialled, ask, greeted
from tests.helpers.packets import Sent, Will

ALL_CALLS: tuple[Callable[[Faults], None], ...] = (
    Faults.clear,
    Faults.refuse_connections,
    Faults.accept_connections,
    Faults.drop_connections,
    lambda faults: faults.drop_after(sent_bytes=1),
    lambda faults: faults.drop_inside("PUBACK"),
    Faults.withhold_replies,
    lambda faults: faults.delay_replies(0.1),
    Faults.reorder_replies,
    Faults.release_replies,
    Faults.withhold_messages,
    lambda faults: faults.delay_messages(0.1),
    Faults.release_messages,
    Faults.store_out_of_order,
    Faults.store_in_order,
    Faults.stall_reading,
    Faults.resume_reading,
    Faults.ignore_pings,
    Faults.answer_pings,
)


@pytest.mark.parametrize("call", ALL_CALLS, ids=range(len(ALL_CALLS)))
def test_a_broker_that_is_not_running_has_no_faults(call: Callable[[Faults], None]) -> None:
    for faults in (Broker().faults, AsyncBroker().faults):
        with pytest.raises(Closed, match=r"start\(\)"):
            call(faults)


def wrong(value: object) -> Any:
    """Return a value as programs without a type checker give it."""
    return value


MISTAKES: tuple[tuple[Callable[[Faults], None], str], ...] = (
    (lambda faults: faults.refuse_connections(0), "return_code"),
    (lambda faults: faults.refuse_connections(6), "return_code"),
    (lambda faults: faults.drop_after(), "sent_bytes"),
    (lambda faults: faults.drop_after(sent_bytes=0), "sent_bytes"),
    (lambda faults: faults.drop_after(received_bytes=-1), "received_bytes"),
    (lambda faults: faults.drop_inside(cast("SentPacket", "CONNECT")), "packet"),
    (lambda faults: faults.delay_replies(-0.1), "seconds"),
    (lambda faults: faults.delay_replies(float("nan")), "seconds"),
    (lambda faults: faults.reorder_replies(1), "size"),
    (lambda faults: faults.delay_messages(-0.1), "seconds"),
    (lambda faults: faults.store_out_of_order(1.1), "share"),
    (lambda faults: faults.store_out_of_order(-0.1), "share"),
    (lambda faults: faults.store_out_of_order(float("nan")), "share"),
    (lambda faults: faults.store_out_of_order(distance=0), "distance"),
    (lambda faults: faults.store_out_of_order(distance=wrong(1.5)), "distance"),
    (lambda faults: faults.store_out_of_order(wrong("0.1")), "share"),
    (lambda faults: faults.store_out_of_order(seed=wrong([])), "seed"),
    (lambda faults: faults.refuse_connections(wrong(2.5)), "return_code"),
    (lambda faults: faults.refuse_connections(wrong("5")), "return_code"),
    (lambda faults: faults.drop_connections(wrong(5)), "username"),
    (lambda faults: faults.drop_after(sent_bytes=1, username=wrong(b"ann")), "username"),
    (lambda faults: faults.drop_after(sent_bytes=wrong(1.5)), "sent_bytes"),
    (lambda faults: faults.drop_inside(wrong([])), "packet"),
    (lambda faults: faults.delay_replies(wrong("1")), "seconds"),
    (lambda faults: faults.delay_messages(wrong(True)), "seconds"),
    (lambda faults: faults.reorder_replies(wrong(2.5)), "size"),
)


@pytest.mark.parametrize(("call", "argument"), MISTAKES, ids=range(len(MISTAKES)))
def test_what_makes_no_sense_is_refused_by_name(broker: Broker, call: Callable[[Faults], None], argument: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        call(broker.faults)
    assert refused.value.argument == argument


# Connections


def test_a_refused_connection_is_closed_before_a_word_and_open_ones_stay(broker: Broker) -> None:
    with greeted(broker) as before:
        broker.faults.refuse_connections()
        with Dialled(broker) as refused:
            assert refused.next() is None
        assert before.silent()
        broker.faults.accept_connections()
        greeted(broker).socket.close()


def test_a_connection_is_refused_with_a_return_code_and_leaves_no_will(broker: Broker) -> None:
    key = broker.keygen("a/", "rw").reveal()
    with greeted(broker) as listener, Dialled(broker) as refused:
        listener.subscribe(f"{key}/a/")
        assert listener.types(1) == ["SUBACK 1"]
        broker.faults.refuse_connections(return_code=5)
        refused.send(Sent("CONNECT", will=Will(f"{key}/a/", b"gone")))
        assert refused.next() == {"type": "CONNACK", "session_present": False, "return_code": 5}
        assert refused.next() is None
        assert listener.silent()


def test_dropped_connections_are_forgotten_when_the_call_returns(broker: Broker) -> None:
    key = broker.keygen("a/", "rw").reveal()
    with greeted(broker) as listener, Dialled(broker) as lost:
        listener.subscribe(f"{key}/a/")
        assert listener.types(1) == ["SUBACK 1"]
        lost.send(Sent("CONNECT", username="lost", will=Will(f"{key}/a/", b"gone")))
        assert lost.types(1) == ["CONNACK"]
        broker.faults.drop_connections(username="lost")
        assert [message.as_string() for message in broker.published] == ["gone"]
        assert lost.next() is None
        assert listener.types(1) == ["gone"]
        assert listener.silent()


def test_dropping_all_may_cut_one_by_the_will_of_another() -> None:
    with Broker(port=None) as broker:
        key = broker.keygen("a/", "rw")
        with (
            Client(transport=broker.memory, username="ann", will=LastWill(key, "a/", "gone"), reconnect=False),
            Client(transport=broker.memory, username="bob", reconnect=False) as bob,
        ):
            subscription = bob.subscribe(key, "a/")
            broker.faults.drop_after(sent_bytes=1, username="bob")
            broker.faults.drop_connections()
            with pytest.raises(ConnectionLost):
                subscription.get(timeout_s=LIMIT_S)


def test_a_connection_is_dropped_after_so_many_bytes_were_sent(broker: Broker) -> None:
    with greeted(broker, "ann") as ann, greeted(broker, "bob") as bob:
        broker.faults.drop_after(sent_bytes=5, username="ann")
        # A PINGRESP has two bytes, so that the third one is cut.
        ann.send(Sent("PINGREQ"), Sent("PINGREQ"), Sent("PINGREQ"), Sent("PINGREQ"))
        assert ann.types(2) == ["PINGRESP", "PINGRESP"]
        assert ann.rest() == b"\xd0"
        assert bob.silent()


def test_a_connection_is_dropped_after_so_many_bytes_came(broker: Broker) -> None:
    key = broker.keygen("a/", "w").reveal()
    whole = Sent("PUBLISH", topic=f"{key}/a/", payload=b"whole")
    with greeted(broker) as connection:
        # Two bytes of header, two of the topic's length.
        broker.faults.drop_after(received_bytes=4 + len(whole.topic) + len(whole.payload) + 3)
        connection.send(whole, Sent("PUBLISH", topic=f"{key}/a/", payload=b"cut"))
        assert connection.next() is None
    assert [message.as_string() for message in broker.published] == ["whole"]


@pytest.mark.parametrize(
    ("kind", "cause", "half"),
    [
        ("CONNACK", Sent("CONNECT"), b"\x20\x02"),
        ("PINGRESP", Sent("PINGREQ"), b"\xd0"),
        ("PUBACK", Sent("PUBLISH", topic="k/", qos=1, id=7), b"\x40\x02"),
        ("SUBACK", Sent("SUBSCRIBE", id=7, filters=(("k/", 0),)), b"\x90\x03"),
        ("UNSUBACK", Sent("UNSUBSCRIBE", id=7, filters=(("k/", 0),)), b"\xb0\x02"),
    ],
)
def test_a_connection_is_dropped_inside_a_packet_once(
    broker: Broker, kind: SentPacket, cause: Sent, half: bytes
) -> None:
    broker.faults.drop_inside(kind)
    with Dialled(broker) as cut, Dialled(broker) as other:
        cut.send(cause, Sent("PINGREQ"))
        if cause.type not in ("CONNECT", "PINGREQ"):
            # The topic is none, so that an error comes first.
            assert cut.types(1) == ["reply 7"]
        assert cut.rest() == half
        other.send(cause)
        assert other.next() is not None


def test_a_connection_that_was_cut_on_purpose_can_be_spared(broker: Broker) -> None:
    with greeted(broker) as connection:
        broker.faults.drop_after(sent_bytes=3, received_bytes=3)
        broker.faults.drop_inside("SUBACK")
        broker.faults.clear()
        assert connection.silent()
        assert connection.silent()
        connection.subscribe("k/")
        assert connection.types(2) == ["reply 1", "SUBACK 1"]


# Answers


def test_withheld_replies_come_in_order_when_they_are_released_and_messages_come_at_once(broker: Broker) -> None:
    key = broker.keygen("a/", "rw").reveal()
    with greeted(broker) as connection:
        connection.subscribe(f"{key}/a/")
        assert connection.types(1) == ["SUBACK 1"]
        broker.faults.withhold_replies()
        connection.send(ask(2), Sent("PUBLISH", topic=f"{key}/a/", payload=b"message", qos=1, id=3))
        connection.send(Sent("UNSUBSCRIBE", id=4, filters=((f"{key}/a/", 0),)))
        assert connection.types(1) == ["message"]
        assert connection.silent()
        broker.faults.release_replies()
        assert connection.types(4) == ["reply 2", "PUBACK 2", "PUBACK 3", "UNSUBACK 4"]
        connection.send(ask(5))
        assert connection.types(2) == ["reply 5", "PUBACK 5"]


def test_replies_that_are_delayed_come_by_themselves(broker: Broker) -> None:
    broker.faults.delay_replies(0.05)
    with greeted(broker) as connection:
        connection.send(ask(1), ask(2), Sent("PINGREQ"))
        assert connection.types(5) == ["PINGRESP", "reply 1", "PUBACK 1", "reply 2", "PUBACK 2"]


def test_what_is_delayed_stays_when_all_is_withheld(core: BrokerCore) -> None:
    gate, connection, due = Gate(), core.open(), list[Callable[[], None]]()
    gate.delay(1.0, lambda _, release: due.append(release), lambda: None)
    gate.hold(connection, (b"first",))
    gate.withhold()
    due.pop()()
    assert connection.take() == []
    gate.hold(connection, (b"second",))
    gate.let_pass()
    assert connection.take() == [b"first", b"second"]


def test_reordered_replies_come_the_last_one_first_and_each_before_its_acknowledgement(broker: Broker) -> None:
    broker.faults.reorder_replies(3)
    with greeted(broker) as connection, greeted(broker) as other:
        connection.send(ask(1), ask(2))
        other.send(ask(9))
        assert other.silent()
        assert connection.silent()
        connection.send(ask(3))
        assert connection.types(6) == ["reply 3", "PUBACK 3", "reply 2", "PUBACK 2", "reply 1", "PUBACK 1"]
        broker.faults.release_replies()
        assert other.types(2) == ["reply 9", "PUBACK 9"]


def test_stored_messages_stay_before_their_suback_when_replies_are_reordered(broker: Broker) -> None:
    key = broker.keygen("a/", "rwls").reveal()
    with greeted(broker) as connection:
        connection.send(Sent("PUBLISH", topic=f"{key}/a/?ttl=60", payload=b"stored", qos=1, id=1))
        assert connection.types(1) == ["PUBACK 1"]
        broker.faults.reorder_replies()
        connection.subscribe(f"{key}/a/?last=1", identifier=2)
        connection.send(ask(3))
        assert connection.types(4) == ["reply 3", "PUBACK 3", "stored", "SUBACK 2"]


def test_a_reply_that_is_withheld_dies_with_its_connection(broker: Broker) -> None:
    with greeted(broker, "ann") as ann, greeted(broker, "bob") as bob:
        broker.faults.withhold_replies()
        ann.send(ask(1), Sent("PINGREQ"))
        bob.send(ask(2), Sent("PINGREQ"))
        assert ann.types(1) == bob.types(1) == ["PINGRESP"]
        broker.faults.drop_connections("ann")
        broker.faults.release_replies()
        assert bob.types(2) == ["reply 2", "PUBACK 2"]
        assert ann.next() is None


# Messages


def test_a_message_that_is_withheld_is_stored_and_delivered_later(broker: Broker) -> None:
    key = broker.keygen("a/", "rwsl")
    with Client.from_url(broker.url) as client, client.subscribe(key, "a/", last=0) as subscription:
        broker.faults.withhold_messages()
        for text in ("one", "two"):
            client.publish(key, "a/", text, ttl=60, qos=1)
        assert [each.as_string() for each in client.history(key, "a/")] == ["one", "two"]
        assert subscription.get(timeout_s=0) is None
        broker.faults.release_messages()
        client.publish(key, "a/", "three", qos=1)
        delivered = [cast("Message", subscription.get(timeout_s=LIMIT_S)).as_string() for _ in range(3)]
        assert delivered == ["one", "two", "three"]


def test_a_message_that_is_delayed_comes_after_the_answer_to_its_publisher(broker: Broker) -> None:
    topic = broker.keygen("a/", "rw").reveal() + "/a/"
    with greeted(broker) as connection:
        connection.subscribe(topic)
        assert connection.types(1) == ["SUBACK 1"]
        broker.faults.delay_messages(0.05)
        connection.send(Sent("PUBLISH", topic=topic, payload=b"late", qos=1, id=2))
        assert connection.types(2) == ["PUBACK 2", "late"]


def test_messages_for_a_connection_that_is_gone_are_dropped_and_others_are_held_within_the_bound() -> None:
    with Broker(limits=Limits(max_unsent_bytes=100_000)) as broker, greeted(broker) as publisher:
        topic = broker.keygen("a/", "rw").reveal() + "/a/"
        with greeted(broker) as gone, greeted(broker) as slow:
            for connection in (gone, slow):
                connection.subscribe(topic)
                assert connection.types(1) == ["SUBACK 1"]
            broker.faults.withhold_messages()
            publisher.send(Sent("PUBLISH", topic=topic, payload=b"x"))
            gone.send(Sent("DISCONNECT"))
            assert gone.next() is None
            for _ in range(2):
                publisher.send(Sent("PUBLISH", topic=topic, payload=b"x" * 60_000))
            assert slow.next() is None
        broker.faults.release_messages()
        assert publisher.silent()


def orders(broker: Broker, seed: int) -> tuple[list[str], list[str]]:
    """Return what two publishers have published in turn, as it was delivered and as it is stored."""
    key = broker.keygen("a/#/", "rwsl")
    with (
        Client.from_url(broker.url) as one,
        Client.from_url(broker.url) as other,
        Client.from_url(broker.url) as reader,
    ):
        subscription = reader.subscribe(key, f"a/{seed}/", last=0)
        broker.faults.store_out_of_order(0.5, seed=seed)
        for number in range(20):
            for name, publisher in (("one", one), ("other", other)):
                publisher.publish(key, f"a/{seed}/", f"{name} {number}", ttl=60, qos=1)
        broker.faults.store_in_order()
        delivered = [cast("Message", subscription.get(timeout_s=LIMIT_S)).as_string() for _ in range(40)]
        return delivered, [each.as_string() for each in reader.history(key, f"a/{seed}/")]


def test_neighbours_of_two_publishers_are_stored_in_another_order_and_delivered_as_published() -> None:
    with Broker(clock=ManualClock(1_700_000_000)) as broker:
        delivered, stored = orders(broker, 1)
        assert delivered == [f"{name} {number}" for number in range(20) for name in ("one", "other")]
        assert stored != delivered
        assert sorted(stored) == sorted(delivered)
        for name in ("one ", "other "):
            assert [each for each in stored if each.startswith(name)] == [f"{name}{number}" for number in range(20)]
        places = [stored.index(each) - place for place, each in enumerate(delivered)]
        assert set(places) == {-1, 0, 1}
        assert orders(broker, 2)[1] != stored
    with Broker(clock=ManualClock(1_700_000_000)) as again:
        assert orders(again, 1)[1] == stored


def test_messages_are_stored_as_they_are_delivered_once_the_disorder_is_over(broker: Broker) -> None:
    broker.faults.store_out_of_order(1)
    broker.faults.clear()
    key = broker.keygen("a/", "rwsl")
    with Client.from_url(broker.url) as one, Client.from_url(broker.url) as other:
        for number in range(3):
            for publisher in (one, other):
                publisher.publish(key, "a/", str(number), ttl=60, qos=1)
        assert [each.as_string() for each in one.history(key, "a/")] == ["0", "0", "1", "1", "2", "2"]


# Silence


def test_what_is_not_read_is_answered_when_reading_goes_on(broker: Broker) -> None:
    with greeted(broker) as one:
        broker.faults.stall_reading()
        with Dialled(broker) as other:
            one.send(Sent("PINGREQ"))
            other.send(Sent("CONNECT"), Sent("PINGREQ"))
            for silent in (one, other):
                silent.socket.settimeout(0.05)
                with pytest.raises(TimeoutError):
                    silent.next()
                silent.socket.settimeout(20)
            broker.faults.resume_reading()
            assert one.types(1) == ["PINGRESP"]
            assert other.types(2) == ["CONNACK", "PINGRESP"]


def test_ignored_pings_get_no_answer_and_all_else_does(broker: Broker) -> None:
    with greeted(broker) as connection:
        broker.faults.ignore_pings()
        connection.send(Sent("PINGREQ"), ask(1))
        assert connection.types(2) == ["reply 1", "PUBACK 1"]
        broker.faults.answer_pings()
        assert connection.silent()


# Restarts


def test_a_restart_ends_connections_and_keeps_keys_and_what_is_stored(broker: Broker) -> None:
    key = broker.keygen("a/", "rwls").reveal()
    port = broker.port
    with greeted(broker) as connection:
        connection.send(Sent("PUBLISH", topic=f"{key}/a/?ttl=60", payload=b"stored", qos=1, id=1))
        assert connection.types(1) == ["PUBACK 1"]
        broker.restart()
        assert connection.next() is None
    assert broker.port == port
    with greeted(broker) as again:
        again.subscribe(f"{key}/a/?last=1")
        assert again.types(2) == ["stored", "SUBACK 1"]


def test_a_restart_loses_what_is_stored_if_it_is_told_to(broker: Broker) -> None:
    key = broker.keygen("a/", "rwls").reveal()
    with greeted(broker) as connection:
        connection.send(Sent("PUBLISH", topic=f"{key}/a/?ttl=60", payload=b"stored", qos=1, id=1))
        assert connection.types(1) == ["PUBACK 1"]
    broker.restart(keep_stored=False)
    with greeted(broker) as again:
        again.subscribe(f"{key}/a/?last=1")
        assert again.types(1) == ["SUBACK 1"]


def test_faults_outlive_a_restart_until_they_are_cleared(broker: Broker) -> None:
    broker.faults.refuse_connections()
    broker.restart()
    with Dialled(broker) as refused:
        assert refused.next() is None
    broker.faults.clear()
    greeted(broker).socket.close()


def test_in_an_event_loop_faults_are_plain_calls_too() -> None:
    async def scenario() -> None:
        async with AsyncBroker() as broker:
            broker.faults.delay_replies(0.01)
            reader, writer = await asyncio.open_connection(broker.host, broker.port)
            writer.write(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00")
            assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
            writer.write(b"\x82\x06\x00\x01\x00\x01k\x00")
            assert (await reader.readexactly(1))[0] == 0x30
            broker.faults.drop_connections()
            await reader.read()
            writer.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())

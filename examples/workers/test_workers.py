from __future__ import annotations

from emitter_typed import Client, Key, Message
from emitter_typed.broker import Broker

from boss import hand_out
from worker import GROUP, work
from workers_api import Job

TEXTS = [f"{'word ' * number}" for number in range(1, 21)]


def group_key(broker: Broker) -> Key:
    return broker.keygen(f"$share/{GROUP}/jobs/", "r")


def test_each_job_is_done_by_one_of_the_workers(
    emitter_broker: Broker, emitter_client: Client, emitter_key: Key
) -> None:
    with Client.from_url(emitter_broker.url) as ann, Client.from_url(emitter_broker.url) as bob:
        work(ann, group_key(emitter_broker), emitter_key, "ann")
        work(bob, group_key(emitter_broker), emitter_key, "bob")

        done = hand_out(emitter_client, emitter_key, TEXTS, patience_s=30)

    assert {text: result.words for text, result in done.items()} == {text: len(text.split()) for text in TEXTS}
    assert {result.worker for result in done.values()} == {"ann", "bob"}
    assert len([one for one in emitter_broker.published if one.channel == "results/"]) == len(TEXTS)


def test_a_job_of_a_worker_that_died_is_handed_out_again(
    emitter_broker: Broker, emitter_client: Client, emitter_key: Key
) -> None:
    with Client.from_url(emitter_broker.url) as lazy, Client.from_url(emitter_broker.url) as bob:

        def die(_: Message[Job]) -> None:
            lazy.close()
            work(bob, group_key(emitter_broker), emitter_key, "bob")

        lazy.subscribe_with_group(group_key(emitter_broker), "jobs/", GROUP, die, payload=Job)

        done = hand_out(emitter_client, emitter_key, ["one", "two words"], patience_s=0.2)

    assert {text: (result.worker, result.words) for text, result in done.items()} == {
        "one": ("bob", 1),
        "two words": ("bob", 2),
    }

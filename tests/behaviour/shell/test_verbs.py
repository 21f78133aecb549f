"""Each verb does what it says, in a pipe as in a terminal."""

from __future__ import annotations

import json
import re
import stat

import pytest

from emitter_typed import Client, PresenceSubscribe, Unauthorized
from emitter_typed.broker import Broker
from tests.behaviour.shell.conftest import LIMIT_S, Process, Shell


def subscribed(shell: Shell, client: Client, *arguments: str) -> Process:
    """Start `sub`, and return once the broker has its subscription."""
    with client.watch_presence(shell.key, shell.channel) as watch:
        process = shell.start("sub", *arguments)
        while not isinstance(watch.get(timeout_s=LIMIT_S), PresenceSubscribe):
            pass
    return process


@pytest.mark.prefix_matching
def test_sub_shows_what_pub_publishes_until_it_is_interrupted(shell: Shell, client: Client) -> None:
    process = subscribed(shell, client, shell.channel)
    assert shell.run("pub", f"{shell.channel}ann/", "hello").code == 0
    process.until(f"{shell.channel}ann/ hello\n")
    process.interrupt()
    done = process.end()
    assert done.code == 130
    assert "Traceback" not in done.out + done.err


def test_sub_ends_after_as_many_messages_as_are_asked_for(shell: Shell, client: Client) -> None:
    process = subscribed(shell, client, shell.channel, "--count", "3", "--json")
    sent = shell.run("pub", shell.channel, "-", "--json", stdin="one\ntwo\r\nthr\u00e9e".encode())
    assert '{"channel": "' + shell.channel + '", "published": 3}' in sent.out
    done = process.end()
    assert done.code == 0
    objects = [json.loads(line) for line in done.out.splitlines()]
    assert [one["payload"] for one in objects] == ["one", "two", "thrée"]
    assert {one["event"] for one in objects} == {"message"}
    assert {one["channel"] for one in objects} == {shell.channel}


def test_payloads_cannot_command_a_terminal_and_bytes_are_told_as_bytes(shell: Shell, client: Client) -> None:
    process = subscribed(shell, client, shell.channel, "--count", "2")
    client.publish(shell.key, shell.channel, "\x1b[2J\nsecond line", qos=1)
    client.publish(shell.key, shell.channel, b"\xff", qos=1)
    out = process.end().out
    assert f"{shell.channel} \\x1b[2J\\nsecond line\n" in out
    assert f"{shell.channel} b'\\xff'\n" in out


def test_raw_is_the_bytes_alone(pipe: Shell, client: Client) -> None:
    process = subscribed(pipe, client, pipe.channel, "--count", "1", "--raw")
    client.publish(pipe.key, pipe.channel, "hello", qos=1)
    assert process.end().out == "hello\n"


@pytest.mark.prefix_matching
def test_sub_with_a_schema_shows_types_and_marks_what_does_not_fit(shell: Shell, client: Client) -> None:
    schema = shell.folder / "home.yaml"
    schema.write_text(
        "emitter-typed: 1\nname: Home\ntypes:\n  Reading: {fields: {celsius: float}}\n"
        f"channels:\n  temperature: {{address: '{shell.channel}{{room}}/', payload: Reading, doc: Of a room.}}\n"
    )
    process = subscribed(shell, client, shell.channel, "--schema", "home.yaml", "--count", "3")
    for channel, payload in (("attic/", b'{"celsius": 2.5}'), ("attic/", b"x"), ("attic/x/", b"{}")):
        client.publish(shell.key, shell.channel + channel, payload, qos=1)
    out = process.end().out
    assert "attic/ Reading(celsius=2.5)\n" in out
    assert "attic/ does not fit: $: " in out
    assert "attic/x/ does not fit: the schema has no such channel" in out


@pytest.mark.prefix_matching
def test_a_schema_alone_says_which_channels(pipe: Shell, client: Client) -> None:
    schema = pipe.folder / "home.yaml"
    schema.write_text(
        "emitter-typed: 1\nname: Home\ntypes:\n  Reading: {fields: {celsius: float}}\n"
        f"channels:\n  temperature: {{address: '{pipe.channel}{{room}}/', payload: Reading, doc: Of a room.}}\n"
    )
    process = subscribed(pipe, client, "--schema", "home.yaml", "--count", "1", "--json")
    client.publish(pipe.key, f"{pipe.channel}attic/", {"celsius": 1.0}, qos=1)
    said = json.loads(process.end().out)
    assert (said["name"], said["params"], said["payload"]) == ("temperature", {"room": "attic"}, {"celsius": 1.0})


@pytest.mark.prefix_matching
def test_payloads_of_a_schema_need_not_be_json(pipe: Shell) -> None:
    (pipe.folder / "plug.yaml").write_text(
        "emitter-typed: 1\ntypes: {OnOff: {enum: ['ON', 'OFF']}}\nchannels:\n"
        f"  power: {{address: '{pipe.channel}power/', payload: OnOff}}\n"
        f"  state: {{address: '{pipe.channel}state/', payload: text}}\n"
        f"  image: {{address: '{pipe.channel}image/', payload: bytes}}\n"
    )
    (pipe.folder / "image").write_bytes(b"\xff")
    payloads = [("power/", ["ON"]), ("state/", ["Online"]), ("image/", ["--file", "image"])]
    for channel, payload in payloads:
        assert pipe.run("pub", pipe.channel + channel, *payload, "--ttl", "1m").code == 0

    for verb in (["history", "--json"], ["sub", "--last", "1", "--count", "1", "--json"]):
        said = [json.loads(pipe.run(*verb, "--schema", "plug.yaml", pipe.channel + each).out) for each, _ in payloads]
        assert [(one["name"], one.get("payload"), one.get("payload_base64")) for one in said] == [
            ("power", "ON", None),
            ("state", "Online", None),
            ("image", None, "/w=="),
        ]


@pytest.mark.prefix_matching
def test_history_with_a_schema_shows_types_and_marks_what_does_not_fit(shell: Shell, client: Client) -> None:
    (shell.folder / "home.yaml").write_text(
        "emitter-typed: 1\ntypes:\n  Reading: {fields: {celsius: float}}\n"
        f"channels:\n  temperature: {{address: '{shell.channel}{{room}}/', payload: Reading}}\n"
    )
    for payload in (b'{"celsius": 2.5}', b"{}"):
        client.publish(shell.key, f"{shell.channel}attic/", payload, ttl=60, qos=1)

    out = shell.run("history", shell.channel, "--schema", "home.yaml").out
    assert "attic/ Reading(celsius=2.5)\n" in out
    assert "attic/ does not fit: $" in out
    as_json = shell.run("history", shell.channel, "--schema", "home.yaml", "--json").out
    said = [json.loads(line) for line in as_json.splitlines() if line.startswith("{")]
    assert (said[0]["payload"], said[0]["params"]) == ({"celsius": 2.5}, {"room": "attic"})
    assert said[1]["error"].startswith("$")


def test_pub_with_a_schema_publishes_only_what_fits(pipe: Shell, client: Client) -> None:
    (pipe.folder / "home.yaml").write_text(
        "emitter-typed: 1\ntypes:\n  Reading: {fields: {celsius: float}}\n"
        f"channels:\n  temperature: {{address: '{pipe.channel}', payload: Reading}}\n"
    )
    lines = b'{"celsius": 1}\n{"celsius": "x"}\n{"celsius": 3}\n'
    done = pipe.run("pub", pipe.channel, "-", "--schema", "home.yaml", "--ttl", "1m", stdin=lines)
    assert (done.code, done.out) == (2, "")
    assert f"message 2 for {pipe.channel} does not fit: $.celsius: expected a number, got a text" in done.err
    assert [message.as_object() for message in client.history(pipe.key, pipe.channel)] == [{"celsius": 1}]
    elsewhere = pipe.run("pub", f"{pipe.channel}x/", "{}", "--schema", "home.yaml")
    assert elsewhere.code == 2
    assert f"the schema has no such channel: its channels are {pipe.channel}" in elsewhere.err
    assert pipe.run("pub", pipe.channel, '{"celsius": 2}', "--schema", "home.yaml").code == 0


def test_sub_waits_no_longer_than_it_is_told(shell: Shell) -> None:
    for text in ("one", "two"):
        assert shell.run("pub", shell.channel, text, "--ttl", "1m").code == 0

    enough = shell.run("sub", shell.channel, "--last", "2", "--wait", "0.2")
    assert (enough.code, enough.out.count("(stored ")) == (0, 2)
    too_few = shell.run("sub", shell.channel, "--last", "2", "--count", "3", "--wait", "0.2")
    assert (too_few.code, too_few.out.count("(stored ")) == (3, 2)
    assert "2 of 3 messages came" in too_few.out + too_few.err


def test_the_environment_may_name_the_file_of_a_key(pipe: Shell) -> None:
    (pipe.folder / "a.key").write_text(pipe.key.reveal())
    (pipe.folder / "master.key").write_text(pipe.environment["EMITTER_MASTER_KEY"])
    pipe.environment |= {"EMITTER_KEY": "@a.key", "EMITTER_MASTER_KEY": "@~/master.key", "HOME": str(pipe.folder)}
    assert pipe.run("pub", pipe.channel, "hello").code == 0
    assert pipe.run("pub", pipe.channel, "hello", "--key", "@~/a.key").code == 0
    assert pipe.run("keygen", pipe.channel, "rw").code == 0
    pipe.environment["EMITTER_KEY"] = "@missing"
    done = pipe.run("pub", pipe.channel, "hello")
    assert (done.code, done.err) == (2, "emitter-typed pub: EMITTER_KEY @missing: No such file or directory\n")


def test_a_schema_with_problems_is_1_and_tells_them(pipe: Shell) -> None:
    (pipe.folder / "bad.yaml").write_text("emitter-typed: 1\nname: Home\nnonsense: 1\n")
    done = pipe.run("sub", "--schema", "bad.yaml")
    assert done.code == 1
    assert "bad.yaml:3:1: unknown-key" in done.err


def test_history_shows_what_is_stored_oldest_first(shell: Shell) -> None:
    for text in ("one", "two"):
        assert shell.run("pub", shell.channel, text, "--ttl", "1m").code == 0
    done = shell.run("history", shell.channel)
    assert done.code == 0
    assert re.search(rf"Z {shell.channel} one\n\S+Z {shell.channel} two\n", done.out)
    last = shell.run("history", shell.channel, "--last", "1", "--since", "1h", "--json")
    assert json.loads(last.out.splitlines()[-1])["payload"] == "two"


def test_sub_begins_with_stored_messages_if_asked(shell: Shell) -> None:
    assert shell.run("pub", shell.channel, "before", "--ttl", "1m").code == 0
    done = shell.run("sub", shell.channel, "--last", "1", "--count", "1")
    assert re.search(rf"{shell.channel} before +\(stored \S+Z\)\n", done.out)


def test_presence_lists_who_is_there(shell: Shell, client: Client) -> None:
    with client.subscribe(shell.key, shell.channel):
        done = shell.run("presence", shell.channel)
    assert done.code == 0
    assert client.me().id in done.out


def test_presence_watch_tells_who_comes_and_goes(shell: Shell, client: Client) -> None:
    process = shell.start("presence", shell.channel, "--watch", "--json")
    process.until('"event": "status"')
    client.subscribe(shell.key, shell.channel).close()
    process.until('"event": "unsubscribe"')
    process.interrupt()
    done = process.end()
    assert done.code == 130
    events = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
    assert [one["event"] for one in events] == ["status", "subscribe", "unsubscribe"]
    assert events[1]["id"] == client.me().id


def test_link_publishes_the_lines_of_stdin(shell: Shell, client: Client) -> None:
    with client.subscribe(shell.key, shell.channel, last=0) as subscription:
        process = shell.start("link", shell.channel, "--name", "a1")
        done = process.end(b"one\ntwo\n")
        assert done.code == 0
        received = [subscription.get(timeout_s=LIMIT_S) for _ in range(2)]
    assert [each.as_string() for each in received if each is not None] == ["one", "two"]
    assert "link a1" in done.out + done.err


def test_keygen_makes_a_key_that_works(shell: Shell, client: Client) -> None:
    done = shell.run("keygen", f"{shell.channel}made/", "rw", "--ttl", "1h")
    [key] = re.findall(r"^[\w-]{32}$", done.out, re.MULTILINE)
    client.publish(key, f"{shell.channel}made/", "hello", qos=1)
    with pytest.raises(Unauthorized):
        client.publish(key, shell.channel, "hello", qos=1)


def test_keygen_makes_a_key_for_all_channels_of_one_segment(pipe: Shell, client: Client) -> None:
    [key] = re.findall(r"^[\w-]{32}$", pipe.run("keygen", "+/", "rw").out, re.MULTILINE)
    client.publish(key, "a/", "hello", qos=1)


def test_keygen_makes_no_key_that_opens_nothing(shell: Shell) -> None:
    done = shell.run("keygen", f"{shell.channel}+/", "rw", "--out", "new.key")
    assert done.code == 2
    assert f"a key for {shell.channel}+/ opens nothing: use {shell.channel}#/" in done.out + done.err
    assert not (shell.folder / "new.key").exists()


def test_keygen_can_write_the_key_to_a_file_and_not_show_it(shell: Shell) -> None:
    done = shell.run("keygen", shell.channel, "rw", "--out", "new.key")
    assert done.code == 0
    path = shell.folder / "new.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() not in done.out
    assert shell.run("pub", shell.channel, "hello", "--key", "@new.key").code == 0
    assert shell.run("keygen", shell.channel, "rw", "--out", "new.key").code == 1


def test_keyban_bans_a_key_and_allows_it_again(shell: Shell) -> None:
    shell.run("keygen", shell.channel, "rw", "--out", "new.key")
    assert "banned" in shell.run("keyban", "@new.key").out
    assert json.loads(shell.run("keyban", "@new.key", "--allow", "--json").out) == {"banned": False}


def test_me_tells_the_broker_and_the_connection(shell: Shell, broker: Broker) -> None:
    said = json.loads(shell.run("me", "--json").out)
    assert said["url"] == broker.url
    assert said["id"]
    assert broker.url in shell.run("me").out


def test_a_refusal_is_4_and_one_line(shell: Shell) -> None:
    done = shell.run("pub", "elsewhere/", "hello")
    assert done.code == 4
    assert "401" in done.out + done.err


def test_profiles_hold_broker_and_key_for_the_user_alone(shell: Shell) -> None:
    (shell.folder / "a.key").write_text(shell.key.reveal())
    assert shell.run("profile", "set", "home", "--url", shell.environment["EMITTER_URL"], "--key", "@a.key").code == 0
    path = shell.folder / "config" / "emitter-typed" / "profiles.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert shell.key.reveal() not in shell.run("profile", "show", "home").out
    assert shell.key.reveal() in shell.run("profile", "show", "home", "--reveal").out

    for variable in ("EMITTER_URL", "EMITTER_KEY"):
        del shell.environment[variable]
    assert shell.run("pub", shell.channel, "hello", "--profile", "home").code == 0
    typo = shell.run("pub", shell.channel, "hello", "--profile", "hone")
    assert typo.code == 2
    assert "did you mean 'home'?" in typo.out + typo.err
    shell.run("profile", "use", "home")
    assert shell.run("pub", shell.channel, "hello").code == 0
    # The default profile's key is for its own broker.
    assert "no key" in (done := shell.run("pub", shell.channel, "x", "--url", "mqtt://localhost:1")).out + done.err
    path.chmod(0o644)
    assert "chmod 600" in (done := shell.run("pub", shell.channel, "hello")).out + done.err
    path.chmod(0o600)
    assert shell.run("profile", "remove", "home").code == 0
    assert "home" not in shell.run("profile", "list", "--json").out


def test_init_writes_a_schema_and_the_commands_that_it_tells_work(shell: Shell) -> None:
    done = shell.run("init")
    assert done.code == 0
    commands = re.findall(r"^  emitter-typed (.+)$", done.out, re.MULTILINE)
    assert [shell.run(*command.split()).code for command in commands] == [0, 0]
    assert (shell.folder / "home_api" / "facade.py").exists()
    assert shell.run("init").code == 1


def test_the_demo_goes_through_all_steps(shell: Shell) -> None:
    done = shell.run("demo", "--pause", "0")
    assert done.code == 0
    assert "celsius=22.0" in done.out
    assert "Traceback" not in done.out + done.err

"""Tells passengers of late ferries, with the official client, emitter-io.

It ends after its first notice. It needs a broker and a master key: `EMITTER_URL` and `EMITTER_MASTER_KEY` say which.
"""

import json
import os
import threading
from urllib.parse import urlsplit

from emitter import Client

broker = urlsplit(os.environ["EMITTER_URL"])
client = Client()
key = ""
done = threading.Event()


def on_connect():
    client.keygen(os.environ["EMITTER_MASTER_KEY"], "ferry/#/", "rwsl")


def on_keygen(reply):
    # The rest goes on here: the call itself returns nothing.
    global key
    key = reply["key"]
    client.subscribe(key, "ferry/1/notice/", on_notice)
    client.subscribe(key, "ferry/1/position/", on_position)
    for stop, late in (("harbour", 0), ("island", 4), ("castle", 12)):
        publish("ferry/1/position/", json.dumps({"stop": stop, "late": late}))


def publish(channel, text):
    client.publish(key, channel, text, {Client.with_ttl(3600), Client.with_at_least_once()})


def on_position(message):
    # What other programs publish is a dict of anything: a missing field, or "12", raises in paho's thread.
    position = message.as_object()
    print(position["stop"], position["late"])
    if position["late"] > 10:
        publish("ferry/1/notice/", f"{position['late']} minutes late")


def on_notice(message):
    print("notice:", message.as_binary().decode())
    done.set()


def on_error(error):
    # Of which call, the program has to guess.
    print("refused:", error["status"], error["message"])
    done.set()


client.on_connect = on_connect
client.on_keygen = on_keygen
client.on_error = on_error
client.connect(host=broker.hostname, port=broker.port, secure=False)
client.loop_start()
done.wait()
client.disconnect()
client.loop_stop()

"""Options and arguments that do not exist, or not there. Each line below with a mistake says which."""

from emitter_typed import Client, Key


def options(client: Client, key: Key) -> None:
    client.publish(key, "chat/", "hello", tll=60)  # mistake: misspelled
    client.publish(key, "chat/", "hello", last=10)  # mistake: an option of subscribe
    client.subscribe(key, "chat/", ttl=60)  # mistake: an option of publish
    client.publish(key, "chat/", "hello", qos=2)  # mistake: a quality of service that Emitter does not have
    client.publish(key, "chat/", "hello", ttl="60")  # mistake: a text for a duration
    client.publish(key, "chat/", "hello", echo="no")  # mistake: a text for a bool
    client.subscribe(key, "chat/", last=2.5)  # mistake: half a message
    client.subscribe(key, "chat/", since="yesterday")  # mistake: a text for a datetime
    client.subscribe(key, "chat/", overflow="block")  # mistake: no such way
    client.publish(key, "chat/", "hello", {Client.with_last(10)})  # mistake: subscribe's option for publish
    client.subscribe(key, "chat/", None, {Client.with_ttl(60)})  # mistake: publish's option for subscribe
    client.publish(key, "chat/", "hello", {"ttl": 60})  # mistake: a dict is no set of options
    client.publish(key, "chat/")  # mistake: nothing to publish
    client.publish_nowait(key, "chat/", "hello", timeout_s=1)  # mistake: it does not wait
    client.keygen(key, "chat/")  # mistake: without permissions
    client.keygen(key, "chat/", ["r", "w"])  # mistake: a list of permissions
    client.keygen(key, "chat/", "rw", 60, 1)  # mistake: the time limit by place
    client.presence(key, "chat/", changes="yes")  # mistake: a text for a bool
    Client(timeout=5)  # mistake: it is timeout_s
    Client.from_url(8080)  # mistake: a port for a URL

"""Typed channels that are taken for something else."""

from datetime import datetime

from home_api import AsyncHome, Home, Reading, TemperatureChannelMessage

from emitter_typed import AsyncClient, Client, Key, Message
from tests.codegen.golden.channels import expected as directions


async def on_temperature(message: TemperatureChannelMessage) -> None: ...


def on_number(message: Message[int]) -> None: ...


def channels(home: Home, reading: Reading, now: datetime) -> None:
    home.temperature(room="kitchen").publish(21.5)  # mistake: a number for a Reading
    home.temperature(room="kitchen").publish({"celsius": 21.5})  # mistake: a dict for a Reading
    home.temperature().publish(reading)  # mistake: which room?
    home.temperature("kitchen").publish(reading)  # mistake: parameters go by name
    home.temperature(rom="kitchen").publish(reading)  # mistake: misspelled
    home.temperature(room=5).publish(reading)  # mistake: a number for a text
    home.temperature.where(rom="kitchen").subscribe()  # mistake: misspelled
    home.temperature.publish(reading)  # mistake: which room?
    home.temperature.where(room="attic").publish(reading)  # mistake: these may be many channels
    home.temprature.subscribe()  # mistake: misspelled
    home.temperature(room="kitchen").publish(reading, tll=60)  # mistake: misspelled
    home.temperature(room="kitchen").publish(reading, qos=2)  # mistake: a quality of service that Emitter does not have
    home.temperature.subscribe(ttl=60)  # mistake: an option of publish
    home.temperature.subscribe(on_temperature)  # mistake: a coroutine function
    home.temperature.subscribe(on_number)  # mistake: it handles other payloads
    for message in home.temperature.subscribe():
        message.payload.fahrenheit  # mistake: no such field
        message.payload["celsius"]  # mistake: no dict
        message.payload.celsius = 0  # mistake: a message does not change
        message.params.house  # mistake: no such parameter
    home.temperature.history(ttl=60)  # mistake: an option of publish
    home.temperature.history(room="kitchen")  # mistake: parameters narrow the channels, with where
    Reading(celsius="21.5", taken_at=now)  # mistake: a text for a float
    Reading(celsius=21.5)  # mistake: when?
    Reading(21.5, now)  # mistake: fields go by name


async def in_asyncio(client: Client, async_client: AsyncClient, home: AsyncHome, key: Key, reading: Reading) -> None:
    for _ in home.temperature.history():  # mistake: async for
        pass
    home.temperature(room="kitchen").publish(reading)  # mistake: never awaited
    Home(async_client, key)  # mistake: it is AsyncHome
    AsyncHome(client, key)  # mistake: it is Home
    Home(client)  # mistake: no key
    Home(client, [key])  # mistake: which key for which channel?


def one_way(key: Key, client: Client, reading: Reading) -> None:
    house = directions.Home(client, key)
    house.status.publish("up")  # mistake: it is there to subscribe to
    house.order(number=1).subscribe()  # mistake: it is there to publish to
    house.order(number=1).history()  # mistake: it is there to publish to
    house.order(number="1").publish(())  # mistake: a text for a number

"""Real workers on a real broker, killed at the worst moments: everything ordered is done, and soon."""

import json
import os
import re
import signal

from marketplace.kit.db import fetch_value


async def test_kill_9_of_a_child_and_a_wiped_broker_lose_nothing(programs, broker):
    programs.worker(PROBE_LEASE_S="2")
    torn = await programs.order("torn", seconds_first=60)
    await programs.begun("torn")
    # The only child is busy: these three are on the queue when it is wiped.
    waiting = [await programs.order(f"waiting-{n}") for n in range(3)]
    handed_out = "SELECT count(*) = 3 FROM outbox WHERE leased_until IS NOT NULL AND attempts = 0"
    await programs.until("three handed out", handed_out)
    broker.flushdb()
    [begun] = await programs.effects("torn")
    os.kill(begun["pid"], signal.SIGKILL)
    await programs.closed(torn, *waiting)
    assert [effect["done"] for effect in await programs.effects("torn")] == [False, False, True]
    assert await fetch_value("SELECT attempts FROM outbox WHERE id = $1", torn) == 2
    for n in range(3):
        assert [effect["done"] for effect in await programs.effects(f"waiting-{n}")] == [False, True]


async def test_what_a_killed_worker_group_had_in_hand_is_done_within_15_seconds(programs):
    killed = programs.worker()
    torn = await programs.order("torn", seconds_first=60)
    await programs.begun("torn")
    programs.kill_group(killed)
    await programs.ready(programs.worker())
    await programs.closed(torn, seconds=15)
    assert [effect["done"] for effect in await programs.effects("torn")] == [False, False, True]


async def test_a_worker_that_is_asked_to_stop_ends_what_it_began_and_leaves_the_rest(programs):
    connections = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    connected_before = await fetch_value(connections)
    worker = programs.worker()
    message = await programs.order("begun", seconds_first=1.5)
    await programs.begun("begun")
    left = await programs.order("left", seconds_first=1.5)
    await programs.until("left handed out", "SELECT leased_until IS NOT NULL FROM outbox WHERE id = $1", left)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0
    begun, done = await programs.effects("begun")
    assert (begun["done"], done["done"]) == (False, True)
    assert begun["message_id"] == done["message_id"] == message
    assert done["request_id"] == "request-of-begun"
    assert done["pid"] != worker.pid
    assert await programs.effects("left") == []
    assert "child closed" in programs.log(worker)
    assert "Traceback" not in programs.log(worker)
    assert await fetch_value(connections) == connected_before


async def test_of_two_beats_one_sends_and_the_other_follows_its_death_and_survives_a_wiped_broker(programs, broker):
    def senders() -> list[int]:
        origins = [json.loads(raw)["headers"]["origin"] for raw in broker.lrange("marketplace", 0, -1)]
        return [int(re.fullmatch(r"gen(\d+)@.*", origin)[1]) for origin in reversed(origins)]

    beats = {beat.pid: beat for beat in (programs.beat(), programs.beat())}
    await programs.until_true(lambda: all("is starting" in programs.log(beat) for beat in beats.values()))
    await programs.until_true(lambda: len(senders()) >= 3)
    [sender] = set(senders())
    [standby] = set(beats) - {sender}
    programs.kill_group(beats[sender])
    await programs.until_true(lambda: standby in senders())
    broker.flushdb()
    await programs.until_true(lambda: standby in senders())
    assert beats[standby].poll() is None

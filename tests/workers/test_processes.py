"""Real workers on a real broker, killed at the worst moments: everything ordered is done, and soon."""

import json
import os
import re
import signal

from marketplace.kit.db import fetch_value


async def test_a_message_is_handled_in_a_child_under_its_publishers_request_id(programs):
    programs.worker()
    message = await programs.order("calm")
    await programs.closed(message)
    begun, done = await programs.effects("calm")
    assert begun["message_id"] == done["message_id"] == message
    assert done["request_id"] == "request-of-calm"
    assert done["pid"] not in {process.pid for process in programs.started}


async def test_kill_9_of_a_child_and_a_wiped_broker_lose_nothing(programs, broker):
    programs.worker(PROBE_LEASE_S="2")
    torn = await programs.order("torn", seconds_first=60)
    await programs.begun("torn")
    # The only child is busy: these three are on the queue when it is wiped.
    waiting = [await programs.order(f"waiting-{n}") for n in range(3)]
    await programs.until(
        "messages leased", "SELECT count(*) = 3 FROM outbox WHERE leased_until IS NOT NULL AND attempts = 0"
    )
    broker.flushdb()
    [begun] = await programs.effects("torn")
    os.kill(begun["pid"], signal.SIGKILL)
    await programs.closed(torn, *waiting)
    assert [effect["done"] for effect in await programs.effects("torn")] == [False, False, True]
    assert await fetch_value("SELECT attempts FROM outbox WHERE id = $1", torn) == 2
    for n in range(3):
        assert [effect["done"] for effect in await programs.effects(f"waiting-{n}")] == [False, True]


async def test_kill_9_of_the_whole_worker_group_is_made_good_within_15_seconds(programs):
    first = programs.worker()
    torn = await programs.order("torn", seconds_first=60)
    await programs.begun("torn")
    programs.kill_group(first)
    programs.worker()
    assert await programs.closed(torn, seconds=15) < 15
    assert [effect["done"] for effect in await programs.effects("torn")] == [False, False, True]


async def test_a_worker_that_is_asked_to_stop_ends_what_it_began_and_leaves_the_rest(programs):
    connections = "FROM pg_stat_activity WHERE datname = current_database()"
    connected_before = await fetch_value(f"SELECT count(*) {connections}")
    worker = programs.worker()
    begun = await programs.order("begun", seconds_first=1.5)
    await programs.begun("begun")
    left = await programs.order("left", seconds_first=1.5)
    await programs.until("left handed out", "SELECT leased_until IS NOT NULL FROM outbox WHERE id = $1", left)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0
    await programs.closed(begun, seconds=0.1)
    assert await programs.effects("left") == []
    assert "child closed" in programs.log(worker)
    assert "Traceback" not in programs.log(worker)
    assert await fetch_value(f"SELECT count(*) {connections}") == connected_before


async def test_of_two_beats_one_sends_and_the_other_follows_its_death(programs, broker):
    def senders() -> list[int]:
        sent = [json.loads(raw)["headers"]["origin"] for raw in broker.lrange("marketplace", 0, -1)]
        return [int(re.fullmatch(r"gen(\d+)@.*", origin)[1]) for origin in reversed(sent)]

    beats = {beat.pid: beat for beat in (programs.beat(), programs.beat())}
    await programs.until_true(lambda: all("Starting" in programs.log(beat) for beat in beats.values()))
    await programs.until_true(lambda: len(senders()) >= 3)
    [sender] = set(senders())
    [standby] = set(beats) - {sender}
    programs.kill_group(beats[sender])
    await programs.until_true(lambda: standby in senders())
    assert beats[standby].poll() is None


async def test_a_beat_survives_a_wiped_broker(programs, broker):
    beat = programs.beat()
    await programs.until_true(lambda: broker.llen("marketplace") >= 1)
    broker.flushdb()
    await programs.until_true(lambda: broker.llen("marketplace") >= 2)
    assert beat.poll() is None

"""events.jsonl: what is written reads back; what is damaged is skipped and counted."""

import math
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aetui.devices.machine import MachineSampled
from aetui.files import show_life
from aetui.runs import event_log, lines
from aetui.runs.event_lines import from_json, to_json
from aetui.runs.event_log import EventFollower, EventWriter
from aetui.runs.events import EpochFinished, RunStarted, StateChanged, StepsTrained, Warned
from aetui.runs.history import History
from aetui.runs.reserve import Reserve

STARTED = RunStarted("r", "p", "cpu", "CPU", 10, 3, 100, 6400, 1000, "digits")


def steps(step: int, loss: float = 0.1) -> StepsTrained:
    return StepsTrained(1, step, loss, loss, 640, 1000.0, step / 100, 1e-3)


def finished(epoch: int, test_loss: float = 0.1) -> EpochFinished:
    return EpochFinished(epoch, epoch * 100, 0.2, test_loss, 1.0, 6400.0, float(epoch), 0.1, True)


EVENTS = [
    STARTED,
    StateChanged("running"),
    steps(3),
    finished(1),
    Warned("[/x] \x1b[31m"),
    MachineSampled(3.0, 2.0, 1, 2, 3, gpu_watts=None),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_reads_back_equal(event):
    line = to_json(event, 12.5).encode()
    assert from_json(line) == (event, 12.5)
    assert from_json(b" " + line) == (event, 12.5), "as another program may write it"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_null_with_their_kind(value):
    line = to_json(steps(1, value), 0)
    assert '"train_loss": null' in line
    event, _ = from_json(line.encode())
    assert repr(event.train_loss) == repr(value)


@given(st.one_of(st.binary(), st.from_regex(rb'\{"event": "StepsTrained", "time": \d+, .*\}')))
def test_no_line_breaks_the_reader(line):
    with pytest.raises(ValueError, match=r"."):
        from_json(line)


@given(
    damage=st.binary(min_size=1, max_size=40).filter(lambda d: b"\n" not in d and b"\r" not in d),
    where=st.integers(0, 5),
)
def test_damage_costs_its_own_line_only(tmp_path_factory, damage, where):
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    lines = [to_json(event, 0).encode() for event in EVENTS]
    lines.insert(where, damage)
    path.write_bytes(b"\n".join(lines) + b"\n")
    follower = EventFollower(path)
    assert [event for event, _ in follower.poll()] == EVENTS
    assert follower.damaged == (damage.strip() != b"")


def test_a_torn_last_line_is_waited_for(tmp_path):
    path = tmp_path / "events.jsonl"
    line = to_json(EVENTS[0], 0).encode() + b"\n"
    follower = EventFollower(path)
    assert follower.poll() == []
    path.write_bytes(line[:20])
    assert follower.poll() == []
    path.write_bytes(line)
    assert [event for event, _ in follower.poll()] == EVENTS[:1]


def test_after_a_torn_line_the_next_is_whole(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "Warn')
    EventWriter(path).write(EVENTS[0])
    follower = EventFollower(path)
    assert [event for event, _ in follower.poll()] == EVENTS[:1]
    assert follower.damaged == 1


def test_a_disk_that_refuses_warns_once_and_what_matters_is_written_later(tmp_path):
    path = tmp_path / "folder" / "events.jsonl"
    writer = EventWriter(path)
    assert isinstance(writer.write(EVENTS[0]), Warned)
    assert writer.write(steps(1)) is None
    assert writer.write(EVENTS[1]) is None
    path.parent.mkdir()
    assert writer.write(EVENTS[3]) is None
    assert [event for event, _ in EventFollower(path).poll()] == [EVENTS[0], EVENTS[1], EVENTS[3]]


def test_on_a_full_disk_the_log_still_shows_that_somebody_writes(tmp_path):
    """Another machine takes a run whose log nobody writes to for ended."""
    path = tmp_path / "events.jsonl"
    path.touch()
    os.utime(path, (1, 1))
    reserve = Reserve(tmp_path / "reserve")
    reserve.used = True
    assert EventWriter(path, reserve).write(steps(1)) is None
    assert (path.read_bytes(), abs(path.stat().st_mtime - time.time()) < 60) == (b"", True)


def test_what_has_a_second_name_elsewhere_shows_no_life(tmp_path):
    (tmp_path / "mine").touch()
    os.utime(tmp_path / "mine", (1, 1))
    os.link(tmp_path / "mine", tmp_path / "events.jsonl")
    show_life(tmp_path / "events.jsonl")
    assert (tmp_path / "mine").stat().st_mtime == 1


def test_what_was_refused_beyond_what_is_kept_is_counted_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(event_log, "MOST_KEPT", 2)
    path = tmp_path / "folder" / "events.jsonl"
    writer = EventWriter(path)
    for event in (EVENTS[0], EVENTS[1], EVENTS[3], EVENTS[0]):
        writer.write(event)
    assert writer.lacking == 4
    path.parent.mkdir()
    writer.write(EVENTS[1])
    assert writer.lacking == 0
    lost, *rest = [event for event, _ in EventFollower(path).poll()]
    assert lost == Warned("2 events before this could not be written and are lost")
    assert rest == [EVENTS[3], EVENTS[0], EVENTS[1]]


def test_a_log_longer_than_one_look_is_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "MOST_BYTES", 1000)
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    for number in range(100):
        writer.write(steps(number))
        path.open("ab").write(b"x" * 1500 * (number == 50) + b"\n")
    follower, found = EventFollower(path), []
    while events := follower.poll():
        found += [event.step for event, _ in events]
    assert found == list(range(100))


def test_of_a_long_past_the_epochs_are_read_and_some_of_the_steps(tmp_path, monkeypatch):
    """40,000 reports of a million steps; damage is counted all the same."""
    path, epochs = tmp_path / "events.jsonl", 400
    with path.open("w") as log:
        for epoch in range(1, epochs + 1):
            for look in range(100):
                print(to_json(steps(2500 * epoch + 25 * look), 1.0), file=log)
                print(to_json(MachineSampled(3.0, 2.0, 1, 2, 3), 1.0), file=log)
            print(to_json(finished(epoch), 1.0), file=log)
        print('{"event": "StepsTrained", "time": 1.0, "epo', file=log)
        print(to_json(steps(2500 * epochs + 2499), 1.0), file=log)
    read = []
    monkeypatch.setattr(event_log, "from_json", lambda line: read.append(line) or from_json(line))
    follower, history = EventFollower(path), History()
    looks = 0
    while (events := follower.poll()) or follower.behind:
        looks += 1
        for event, at in events:
            history.apply(event, at)
    assert looks > 3, "a screen is awake in between"
    assert len(read) < 12_000
    assert (len(history.epochs), history.latest.step) == (epochs, 2500 * epochs + 2499)
    assert 2000 < len(history.steps) <= 4000
    gaps = [b.step - a.step for a, b in zip(history.steps, history.steps[1:], strict=False)]
    assert max(gaps) < 2 * 2500, "spread over the whole run"
    assert (follower.damaged, follower.first_damaged) == (1, epochs * 201 + 1)


@pytest.mark.parametrize("value", ["-3e10", "1e308", "-1e308", "NaN", "1" + "0" * 400])
@pytest.mark.parametrize("field", ["cpu_percent", "gpu_celsius", "gpu_watts", "process_memory_bytes"])
def test_measurements_that_no_machine_has_are_refused(field, value):
    """Drawn as a bar they took gigabytes."""
    fields = {"cpu_percent": "1.0", "process_cpu_percent": "1.0", "memory_used_bytes": "1"}
    fields |= {"memory_total_bytes": "1", "process_memory_bytes": "1"}
    told = ", ".join(f'"{name}": {said}' for name, said in (fields | {field: value}).items())
    with pytest.raises(ValueError, match=field):
        from_json(f'{{"event": "MachineSampled", "time": 1.0, {told}}}'.encode())


@pytest.mark.parametrize("value", ["1e308", "-1e308"])
def test_runs_of_eternities_are_refused(value):
    line = to_json(StepsTrained(1, 1, 0.1, 0.1, 1, 1.0, 12345.0), 1.0)
    with pytest.raises(ValueError, match="seconds"):
        from_json(line.replace("12345.0", value).encode())

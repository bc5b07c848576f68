"""The number of CPU threads: chosen by measuring, kept, and without a trace in a run's numbers."""

from types import SimpleNamespace

import pytest
import torch

from aetui.config.reading import read_preset
from aetui.errors import AetuiError
from aetui.runs.checkpoint_index import read_index
from aetui.runs.create import create_run
from aetui.runs.events import ActivityChanged, EpochFinished, RunStarted, StepsTrained, Warned
from aetui.runs.folder import RunFolder
from aetui.training import thread_choice
from aetui.training.checkpoints import CheckpointStore
from aetui.training.thread_choice import choose_threads_anew, fastest

DROPOUT = "model.encoder=['flatten', 'linear 24', 'batchnorm', 'dropout 0.5', 'relu', 'linear 8']"


@pytest.fixture(autouse=True)
def _two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def unsettled(make_run, tmp_path):
    """A run of three epochs that was not told its threads."""

    def make(*changes: str) -> RunFolder:
        preset = read_preset(make_run().config, [*changes])
        return create_run(preset, "", tmp_path / "runs", tmp_path, "cpu")

    return make


@pytest.mark.parametrize(
    ("seconds", "chosen", "tried"),
    [
        ({8: 1.0, 4: 1.9}, 8, [8, 4]),
        ({8: 1.0, 4: 1.05, 2: 1.2, 1: 1.3}, 4, [8, 4, 2, 1]),
        ({8: 30.0, 4: 9.0, 2: 2.0, 1: 1.0}, 1, [8, 4, 2, 1]),
        ({6: 1.0, 3: 0.8, 1: 0.85}, 1, [6, 3, 1]),
        ({2: 1.0, 1: 1.2}, 2, [2, 1]),
        ({1: 1.0}, 1, [1]),
    ],
)
def test_more_threads_are_taken_where_they_are_worth_it(seconds, chosen, tried):
    asked = []

    def seconds_with(threads: int) -> float:
        asked.append(threads)
        return seconds[threads]

    assert fastest(max(seconds), seconds_with) == chosen
    assert asked == tried


@pytest.mark.parametrize("changes", [(), (DROPOUT, "train.ema=0.9")])
def test_measuring_leaves_no_trace_in_the_numbers(unsettled, record, changes, tmp_path):
    measured = unsettled(*changes)
    first = record(measured)
    threads = measured.read_meta().threads
    assert threads is not None
    assert any("threads" in activity.activity for activity in first.of(ActivityChanged))
    told = create_run(read_preset(measured.config), "", tmp_path / "runs", tmp_path, "cpu", threads)
    second = record(told)
    assert not any("threads" in activity.activity for activity in second.of(ActivityChanged))
    losses = [[e.test_loss for e in trained.of(EpochFinished)] for trained in (first, second)]
    assert losses[0] == losses[1]
    (started,) = first.of(RunStarted)
    assert started.device_name.endswith(f", {threads} thread{'s' * (threads > 1)}")


def test_a_run_keeps_its_threads_when_it_goes_on(unsettled, record, monkeypatch):
    monkeypatch.setattr(thread_choice, "fastest", lambda most, seconds_with: 3)
    folder = unsettled()
    record(folder, lambda event, session: session.control.request("stop"))
    assert folder.read_meta().threads == 3
    monkeypatch.setattr(thread_choice, "fastest", None)
    again = record(folder)
    assert again.of(Warned) == []
    assert again.of(EpochFinished)[-1].epoch == 3


def test_a_run_of_an_older_version_goes_on_with_the_threads_it_had(unsettled, record, monkeypatch):
    monkeypatch.setattr(thread_choice, "fastest", lambda most, seconds_with: torch.get_num_threads())
    folder = unsettled()
    stop = lambda event, session: isinstance(event, StepsTrained) and session.control.request("stop")  # noqa: E731
    record(folder, stop)
    folder.change_meta(threads=None)
    monkeypatch.setattr(thread_choice, "fastest", None)
    assert record(folder).of(Warned) == []


def test_threads_are_chosen_anew_within_a_run(unsettled, record, monkeypatch):
    chosen = iter([2, 1])
    monkeypatch.setattr(thread_choice, "fastest", lambda most, seconds_with: next(chosen))
    folder = unsettled("train.keep_checkpoints=9")

    def choose(event: object, session) -> None:
        if isinstance(event, EpochFinished) and event.epoch == 1:
            session.control.request("choose-threads")

    trained = record(folder, choose)
    (warned,) = trained.of(Warned)
    assert "1 CPU thread from here on, 2 before" in warned.message
    assert folder.read_meta().threads == 1
    store = CheckpointStore(folder.checkpoints, 9)
    made_on = [store.load(entry).made_on["threads"] for entry in read_index(folder.checkpoints)]
    assert made_on[-2:] == ["1", "1"]


def test_a_wish_for_other_threads_during_a_test_waits_for_its_end(unsettled, record, monkeypatch):
    chosen = iter([2, 2])
    monkeypatch.setattr(thread_choice, "fastest", lambda most, seconds_with: next(chosen))

    def choose(event: object, session) -> None:
        if isinstance(event, ActivityChanged) and event.activity == "testing":
            session.control.request("choose-threads")

    trained = record(unsettled("train.epochs=0"), choose)
    (warned,) = trained.of(Warned)
    assert warned.message.startswith("2 CPU threads, as before")


def test_a_run_on_a_gpu_says_that_it_has_no_such_choice():
    said = []
    choose_threads_anew(SimpleNamespace(device=torch.device("cuda")), said.append)  # type: ignore[arg-type]
    (warned,) = said
    assert "computes on a GPU" in warned.message


def test_a_large_model_is_not_copied_to_be_measured(unsettled, record, monkeypatch):
    monkeypatch.setattr(thread_choice, "MOST_COPIED", 100)
    monkeypatch.setattr(thread_choice, "fastest", None)
    folder = unsettled()
    record(folder)
    assert folder.read_meta().threads == torch.get_num_threads()


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device"), AetuiError("damaged")])
def test_a_choice_that_cannot_be_kept_ends_no_run(unsettled, record, monkeypatch, trouble):
    chosen = iter([2, 1])
    monkeypatch.setattr(thread_choice, "fastest", lambda most, seconds_with: next(chosen))
    change_meta = RunFolder.change_meta

    def refuse(folder: RunFolder, **fields: object) -> None:
        if fields == {"threads": 1}:
            raise trouble
        change_meta(folder, **fields)

    monkeypatch.setattr(RunFolder, "change_meta", refuse)

    def choose(event: object, session) -> None:
        if isinstance(event, EpochFinished) and event.epoch == 1:
            session.control.request("choose-threads")

    trained = record(unsettled(), choose)
    (warned,) = trained.of(Warned)
    assert "1 CPU thread from here on" in warned.message
    assert f"not kept for a resume: {trouble}" in warned.message
    assert trained.session.exit_code == 0

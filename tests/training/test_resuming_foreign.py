"""What a run goes on from may come from anybody, or be incomplete: it is refused in a sentence."""

import json
import os
import shutil

import pytest
import torch
from live_runs import wait_until
from stored import relisted

from aetui.data.generated import digits
from aetui.files import open_lock, try_lock
from aetui.runs.checkpoint_index import read_index
from aetui.runs.events import EpochFinished, RunStarted, SettingChanged
from aetui.runs.folder import RunFolder
from aetui.training import data as training_data
from aetui.training.supervisor import supervise
from aetui.training.training import TOLD


def changed_checkpoint(folder, change) -> None:
    """Do something to what the newest checkpoint holds; it is listed as it then is."""
    path = folder.checkpoints / read_index(folder.checkpoints)[-1].file
    payload = torch.load(path, weights_only=True)
    change(payload)
    torch.save(payload, path)
    relisted(path)


def go_on(folder, record, epochs=2):
    config = folder.config.read_text()
    folder.config.write_text(config.replace("epochs = 1\n", f"epochs = {epochs}\n"))
    return record(folder)


def first_state(payload):
    return next(iter(payload["optimizer"]["state"].values()))


@pytest.mark.parametrize(
    "moment",
    [
        torch.zeros(1),
        torch.zeros(1).expand(784, 128),
        torch.zeros(1, dtype=torch.float64).expand(500_000_000),
        torch.zeros(128, 784, dtype=torch.float64),
        torch._neg_view(torch.zeros(128, 784)),
        "x",
    ],
    ids=["short", "other strides", "bomb", "float64", "negated", "text"],
)
def test_an_optimizer_state_that_is_not_as_large_as_the_weights_is_refused(make_run, record, moment):
    """PyTorch's fused kernel would read and write beyond it."""
    folder = make_run("train.epochs=1")
    record(folder)
    changed_checkpoint(folder, lambda payload: first_state(payload).update(exp_avg=moment))
    refused = go_on(folder, record)
    assert (refused.session.state, refused.of(EpochFinished)) == ("failed", [])
    assert "is not as large as the weight" in folder.read_meta().reason


@pytest.mark.parametrize("dtype", [torch.int64, torch.float64, torch.complex64])
def test_weights_of_another_type_are_not_cast(make_run, record, dtype):
    def cast(payload):
        payload["model"] = {name: weight.to(dtype) for name, weight in payload["model"].items()}

    folder = make_run("train.epochs=1")
    record(folder)
    changed_checkpoint(folder, cast)
    assert go_on(folder, record).session.state == "failed"
    assert f"is {dtype}, not torch.float32" in folder.read_meta().reason


def test_an_optimizer_state_that_is_sparse_is_not_even_read(make_run, record):
    folder = make_run("train.epochs=1")
    record(folder)
    sparse = torch.sparse_coo_tensor(torch.tensor([[0], [0]]), torch.tensor([1.0]), (128, 784))
    changed_checkpoint(folder, lambda payload: first_state(payload).update(exp_avg=sparse))
    assert go_on(folder, record).session.state == "failed"
    assert "holds torch._utils._rebuild_sparse_tensor" in folder.read_meta().reason


def test_metadata_that_asks_for_other_than_a_copy_counts_for_nothing(make_run, record):
    """With `assign_to_params_buffers` the optimizer would train parameters that the model has no more."""

    def ask(payload):
        payload["model"]._metadata[""]["assign_to_params_buffers"] = True

    folder = make_run("train.epochs=1")
    record(folder)
    twin = RunFolder(shutil.copytree(folder.path, folder.path.with_name("twin")))
    changed_checkpoint(twin, ask)
    expected, found = ([e.test_loss for e in go_on(run, record).of(EpochFinished)] for run in (folder, twin))
    assert found == expected


def test_moments_of_another_layout_are_the_same_moments(make_run, record):
    folder = make_run("train.epochs=1")
    record(folder)
    twin = RunFolder(shutil.copytree(folder.path, folder.path.with_name("twin")))

    def turn(payload):
        for moments in payload["optimizer"]["state"].values():
            moments["exp_avg"] = moments["exp_avg"].t().contiguous().t()
        assert not first_state(payload)["exp_avg"].is_contiguous()

    changed_checkpoint(twin, turn)
    straight, turned = (go_on(each, record).of(EpochFinished)[-1] for each in (folder, twin))
    assert straight.epoch == 2
    assert straight.test_loss == turned.test_loss


@pytest.mark.parametrize(
    "change",
    [
        lambda optimizer: optimizer.update(state={99: {}}),
        lambda optimizer: optimizer.update(state=[1]),
        lambda optimizer: optimizer["state"][0].pop("step"),
        lambda optimizer: optimizer["state"][0].update(max_exp_avg_sq=torch.zeros(1)),
    ],
    ids=["of another weight", "a list", "without a part", "with another part"],
)
def test_an_optimizer_state_of_other_parts_is_refused(make_run, record, change):
    folder = make_run("train.epochs=1")
    record(folder)
    changed_checkpoint(folder, lambda payload: change(payload["optimizer"]))
    assert go_on(folder, record).session.state == "failed"
    assert "The checkpoint is not of the model in" in folder.read_meta().reason


def test_the_optimizers_settings_are_those_of_the_preset(make_run, record):
    folder = make_run("train.epochs=1")
    record(folder)
    changed_checkpoint(folder, lambda payload: payload["optimizer"].update(param_groups=[{"betas": "x"}]))
    assert go_on(folder, record).session.state == "finished"


@pytest.mark.parametrize("place", ["model", "settings"])
def test_a_reason_of_megabytes_is_cut(make_run, record, place):
    folder = make_run("train.epochs=1")
    record(folder)
    name = "k" * 2_000_000
    value = torch.zeros(1) if place == "model" else {"train.seed": name}
    changed_checkpoint(
        folder, lambda payload: payload[place].update({name: value} if place == "model" else value)
    )
    assert go_on(folder, record).session.state == "failed"
    assert len(folder.read_meta().reason) < 4000
    assert max(map(len, folder.events.read_text().splitlines())) < 10_000


def test_a_folder_whose_name_is_no_text_is_trained_and_refused_in_a_sentence(make_run, record):
    made = make_run("train.epochs=1")
    folder = type(made)(made.path.with_name(os.fsdecode(b"run-\xff")))
    made.path.rename(folder.path)
    assert record(folder).session.state == "finished"
    shutil.rmtree(folder.checkpoints)
    refused = go_on(folder, record)
    assert refused.session.state == "failed"
    assert "\\udcff" in folder.read_meta().reason


def test_checkpoints_that_are_gone_are_not_begun_anew(make_run, record):
    folder = make_run("train.epochs=1")
    record(folder)
    shutil.move(folder.checkpoints, folder.path / "elsewhere")
    folder.make_missing()
    refused = go_on(folder, record)
    assert (refused.session.state, refused.of(RunStarted)) == ("failed", [])
    assert "are gone: its log tells of epoch_0001" in folder.read_meta().reason
    shutil.rmtree(folder.checkpoints)
    shutil.move(folder.path / "elsewhere", folder.checkpoints)
    assert [epoch.epoch for epoch in record(folder).of(EpochFinished)] == [2]


def test_a_model_that_the_checkpoint_cannot_hold_is_not_even_built(make_run, record, monkeypatch):
    """Of gigabytes, as a config.toml from elsewhere may ask for."""
    folder = make_run("train.epochs=1")
    record(folder)
    folder.config.write_text(folder.config.read_text().replace('"linear 128"', '"linear 100000"'))
    monkeypatch.setattr("aetui.training.preparing.assembled", None)
    assert go_on(folder, record).session.state == "failed"
    assert "parameters, which epoch_0001_step_" in folder.read_meta().reason


@pytest.mark.parametrize("damage", [None, "{"])
def test_what_is_taken_out_of_the_folder_while_it_is_trained_is_made_anew(make_run, record, damage):
    folder = make_run("train.epochs=3")
    before = folder.read_meta()

    def take_away(event, session):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            shutil.rmtree(folder.checkpoints)
            folder.meta_file.unlink() if damage is None else folder.meta_file.write_text(damage)

    assert record(folder, take_away).session.state == "finished"
    meta = folder.read_meta()
    assert (meta.state, meta.epochs, meta.started) == ("finished", 3, before.started)
    assert (folder.checkpoints / "index.json").is_file()


@pytest.mark.parametrize("others", [digits(train=190, test=70), digits(train=200, test=70, seed=1)])
def test_a_run_does_not_go_on_with_other_images(make_run, record, monkeypatch, others):
    folder = make_run("train.epochs=1")
    record(folder)
    monkeypatch.setattr(training_data, "load", lambda *_, **__: others)
    assert go_on(folder, record).session.state == "failed"
    assert "training images was 200 (" in folder.read_meta().reason


def test_a_list_that_lies_about_a_moment_is_damaged(make_run, record):
    folder = make_run("train.epochs=2")
    record(folder)
    index = folder.checkpoints / "index.json"
    entries = json.loads(index.read_text())
    index.write_text(json.dumps([entries[0] | {"step": 10**15, "test_loss": -5}, *entries[1:]]))
    assert record(folder).session.state == "failed"
    assert "The list of checkpoints is damaged" in folder.read_meta().reason


def test_a_checkpoint_of_another_moment_than_its_name_is_refused(make_run, record):
    folder = make_run("train.epochs=2")
    record(folder)
    changed_checkpoint(folder, lambda payload: payload["progress"].update(step=7))
    assert record(folder).of(RunStarted)[0].epoch == 1


def test_a_listener_that_is_blocked_does_not_keep_the_run(make_run):
    """As a pager that reads no further: the next process may have the run."""
    folder, had = make_run("train.epochs=1"), []

    def listen(event):
        if isinstance(event, EpochFinished) and event.epoch == 0:
            wait_until(lambda: folder.read_meta().state == "finished")
            with open_lock(folder.lock) as lock:
                assert try_lock(lock, 30)
                had.append(event)

    assert supervise(folder, listen) == 0
    assert len(had) == 1


@pytest.mark.parametrize("key", ["train.momentum", "model_dump.__func__.__globals__", "x" * 5000])
def test_what_no_run_can_be_told_is_not_said_of_one(make_run, record, key):
    folder = make_run("train.epochs=1")
    record(folder)
    changed_checkpoint(folder, lambda payload: payload["told"].update({key: "1"}))
    resumed = go_on(folder, record)
    assert resumed.session.exit_code == 0
    assert not resumed.of(SettingChanged) or all(event.key in TOLD for event in resumed.of(SettingChanged))
    assert key not in folder.events.read_text()


def test_a_checkpoint_beyond_the_end_of_its_epoch_is_refused(make_run, record):
    folder = make_run("train.epochs=1")
    record(folder)
    changed_checkpoint(folder, lambda payload: payload["progress"].update(batch=10**14))
    refused = go_on(folder, record)
    assert (refused.session.state, refused.of(EpochFinished)) == ("failed", [])
    assert "more than" in folder.read_meta().reason

"""Where the time of a step goes: told within a run, which stays as it is."""

import errno
import json
import re

import pytest

from aetui.cli import main
from aetui.runs.events import EpochFinished, Warned
from aetui.training import profiling

PARTS = ", ".join(rf"{part} \d+%" for part in profiling.PARTS)
SUMMARY = rf"a step takes [\d.]+ ms on 1 CPU thread: {PARTS}"


def profiled(event, session) -> None:
    if isinstance(event, EpochFinished) and event.epoch == 1:
        session.control.request("profile")


@pytest.mark.parametrize("changes", [(), ("train.accumulate=2", "train.clip_norm=1.0")])
def test_a_profile_leaves_the_run_as_it_is(make_run, record, changes):
    plain, folder = make_run(*changes), make_run(*changes)
    trained, straight = record(folder, profiled), record(plain)
    (warned,) = trained.of(Warned)
    assert re.match(SUMMARY, warned.message)
    shares = [int(share) for share in re.findall(r"(\d+)%", warned.message)]
    assert 96 <= sum(shares) <= 104
    assert [e.test_loss for e in trained.of(EpochFinished)] == [
        e.test_loss for e in straight.of(EpochFinished)
    ]
    text = (folder.path / "profile.txt").read_text()
    assert re.match(SUMMARY, text)
    assert "_fused_adam_" in text
    named = {
        event.get("name") for event in json.loads((folder.path / "profile.json").read_text())["traceEvents"]
    }
    assert {"step", "data", "forward", "waiting", "aten::addmm"} <= named


def test_a_full_disk_costs_the_profile_alone(make_run, record, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(profiling, "write_whole", full)
    trained = record(make_run(), profiled)
    (warned,) = trained.of(Warned)
    assert "cannot be written" in warned.message
    assert trained.session.exit_code == 0


def test_it_is_asked_for_with_a_new_run(small_data, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "digits-mlp", "--profile", "--set", "train.epochs=1", "--threads", "1"]) == 0
    said = capfd.readouterr().err
    assert len(re.findall(SUMMARY, said)) == 1
    assert not re.search("^[A-Z]+:", said, re.MULTILINE)

"""A checkpoint that is listed but holds what it should not is refused, and the one before is used."""

import json
from collections import OrderedDict

import pytest
import torch
from stored import filled, newest_step, relisted


@pytest.mark.parametrize(
    "change",
    [
        {"progress": {"step": "x"}},
        {"progress": {"epoch": -1}},
        {"progress": {"batch": -5}},
        {"progress": 7},
        {"model": [1]},
        {"optimizer": None},
        {"random": {"cpu": "x", "cuda": []}},
        {"made_on": {"torch": torch.ones(1)}},
        {"test_loss": [1]},
    ],
)
def test_a_checkpoint_of_other_contents_is_refused(tmp_path, change):
    filled(tmp_path)
    path = tmp_path / "epoch_0002_step_00000002.pt"
    torch.save(torch.load(path, weights_only=True) | change, path)
    relisted(path)
    step, refused = newest_step(tmp_path)
    assert step == 1
    assert next(iter(change)) in refused[0]


@pytest.mark.parametrize(
    ("place", "name"), [("payload", "get"), ("payload", "keys"), ("random", "keys"), ("model", "values")]
)
def test_attributes_in_the_place_of_methods_are_refused(tmp_path, place, name):
    """They would be called while the checkpoint is read, or by torch."""
    filled(tmp_path)
    path = tmp_path / "epoch_0002_step_00000002.pt"
    payload = OrderedDict(torch.load(path, weights_only=True))
    odd = payload
    if place != "payload":
        odd = payload[place] = OrderedDict(payload[place])
    odd.__dict__[name] = 3
    torch.save(payload, path)
    relisted(path)
    step, refused = newest_step(tmp_path)
    assert step == 1
    assert "a state of collections.OrderedDict" in refused[0]


def test_one_of_8_terabytes_of_holes_is_refused_unread(tmp_path, monkeypatch):
    filled(tmp_path)
    path = tmp_path / "epoch_0002_step_00000002.pt"
    with path.open("r+b") as file:
        file.truncate(8 * 10**12)
    relist = json.loads((tmp_path / "index.json").read_text())
    relist[1]["size_bytes"] = 8 * 10**12
    (tmp_path / "index.json").write_text(json.dumps(relist))
    step, refused = newest_step(tmp_path)
    assert step == 1
    assert "nearly all of it is holes" in refused[0]


def test_another_format_is_refused(tmp_path):
    filled(tmp_path)
    path = tmp_path / "epoch_0002_step_00000002.pt"
    torch.save(torch.load(path, weights_only=True) | {"format": 99}, path)
    relisted(path)
    step, refused = newest_step(tmp_path)
    assert step == 1
    assert "another format" in refused[0]

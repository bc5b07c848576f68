"""`aetui conv SIZE --to SIZE`: every answer leads there."""

import tomllib

import pytest
import torch
from printed_code import modules
from torch import nn


def test_every_answer_leads_there(asked):
    answers = asked("28", "--to", "14")
    assert answers[0]["layer"] == "conv 1 k3 s2 p1"
    assert answers[0]["torch"] == "nn.Conv1d(1, 1, 3, stride=2, padding=1)"
    assert (answers[0]["kernel"], answers[0]["stride"], answers[0]["wasted"]) == (3, 2, 0)
    assert len(answers) > 15
    for answer in answers:
        assert eval(answer["torch"], {"nn": nn})(torch.zeros(1, 1, 28)).shape == (1, 1, 14)
    for answer in asked("8x7x6", "--to", "4x14x12", "--transposed"):
        assert eval(answer["torch"], {"nn": nn})(torch.zeros(1, 8, 7, 6)).shape == (1, 4, 14, 12)


def test_fixed_options_stay_fixed(asked):
    answers = asked("28", "--to", "14", "-k", "4", "-p", "1")
    assert {(answer["kernel"], answer["padding"]) for answer in answers} == {(4, 1)}
    far = asked("100", "--to", "100", "-k", "41", "-p", "20", "-d", "1")
    assert [answer["layer"] for answer in far] == ["conv 1 k41 p20"]


def test_the_best_answers_are_shown(conv, asked):
    code, out, err = conv("28", "--to", "14")
    every = len(asked("28", "--to", "14"))
    assert (code, len(out.splitlines())) == (0, 1 + 15)
    assert f"15 of {every}" in err
    _, out, err = conv("28", "--to", "14", "--all")
    assert (len(out.splitlines()), err) == (1 + every, "aetui: 28 is one axis; an image would be 1x28x28\n")
    assert tomllib.loads(conv("28", "--to", "14", "--preset")[1]) == {"encoder": ["conv 1 k3 s2 p1"]}
    assert modules(conv("28", "--to", "14", "--torch")[1])["model"](torch.zeros(1, 1, 28)).shape == (1, 1, 14)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("28", "--to", "14", "-k", "3", "-s", "3"), ("k 3, s 3, p 0-5, d 1-4", "conv 1 k3 s2 p1 does")),
        (("14", "--to", "28", "-s", "2"), ("1x14 to 1x28", "convt 1 k3 s2 p1 op1 does")),
        (("28", "--to", "14", "--transposed"), ("op 0-7", "conv 1 k3 s2 p1 does")),
        (("1x28x28", "--to", "1x14x7"), ("1x28x28 to 1x14x7", "28 --to 14")),
    ],
)
def test_no_answer_says_what_was_tried_and_what_would_do(conv, arguments, words):
    code, out, err = conv(*arguments)
    assert (code, out) == (1, "")
    assert all(word in err for word in words), err
    assert conv(*arguments, "--json")[:2] == (1, "[]\n")

"""What is looked for among runs."""

import pytest

from aetui.errors import UsageError
from aetui.runs.filtering import parse_filter
from aetui.runs.labels import Labels
from aetui.runs.listing import RunSummary


def run(state="finished", loss=0.03, **more) -> RunSummary:
    start = "2026-11-29T10:00:00.000+00:00"
    return RunSummary("20261129-mnist-mlp-k3f9", "mnist-mlp", state, start, 3, 10, loss, **more)


SETTINGS = {
    "train.learning_rate": "0.001",
    "train.optimizer": "adamw",
    "train.seed": "4",
    "noise.std": "0.5",
}


def passes(text: str, one: RunSummary) -> bool:
    return parse_filter(text).passes(one, lambda _, key: SETTINGS.get(key))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", True),
        ("mnist", True),
        ("K3F9 mlp", True),
        ("mnist conv", False),
        ("state:finished", True),
        ("state:running", False),
        ("preset:mlp", True),
        ("loss<0.04", True),
        ("loss<0.03", False),
        ("loss<=0.03", True),
        ("loss>1e-2", True),
        ("best<1", False),
        ("epochs=3", True),
        ("epochs>=4", False),
        ("train.learning_rate=1e-3", True),
        ("learning_rate<0.01", True),
        ("train.optimizer=adamw", True),
        ("optimizer=adam", False),
        ("seed=4", True),
        ("latent=3", False),
        ("tag:paper", True),
        ("tag:draft", False),
        ("note:noisy", True),
        ("is:starred", True),
        ("is:archived", False),
        ("noise.std=0.5", True),
    ],
)
def test_words_states_numbers_settings_and_labels(text, found):
    one = run(changes=("noise.std=0.5",), labels=Labels(note="Noisy one", tags=("paper",), starred=True))
    assert passes(text, one) is found


def test_numbers_that_are_not_there_are_found_by_none():
    assert not passes("loss>0", run(loss=None))
    assert not passes("loss>0", run(loss=float("nan")))
    assert not passes("state:out_of_memory", run())
    assert passes("state:out_of_memory", run(state="out_of_memory"))


def test_archived_runs_are_shown_where_they_are_asked_for():
    archived = run(labels=Labels(archived=True))
    assert not passes("mnist", archived)
    assert passes("is:archived mnist", archived)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zz:3", "'zz:3' asks for nothing that runs have"),
        ("is:good", "asks for nothing"),
        ("loss<abc", "'abc' is not a number"),
        ("loss<nan", "is not a number"),
        ("loss<", "asks for nothing"),
        ("=3", "asks for nothing"),
        ("zz=3", "'zz' is no setting and no number of runs"),
        ("size=3", "may be data.size or model.vit.size"),
        ("by:nothing", "is no setting"),
        ("by:", "is no setting"),
        ("\x1b[2J=1", "asks for nothing"),
    ],
)
def test_what_cannot_be_understood_is_told_in_a_sentence(text, said):
    with pytest.raises(UsageError) as caught:
        parse_filter(text)
    assert said in caught.value.sentence
    assert caught.value.hint
    assert "\x1b" not in caught.value.sentence


def test_groups():
    assert parse_filter("mnist by:seed").grouped_by == "train.seed"
    assert parse_filter("by:latent").grouped_by == "model.latent"

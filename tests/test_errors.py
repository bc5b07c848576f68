"""What a person reads of an error."""

import pytest

from aetui.errors import AetuiError


@pytest.mark.parametrize(
    ("message", "hint", "sentence"),
    [
        ("the disk is full", "", "the disk is full"),
        ("the disk is full", "Make room.", "the disk is full. Make room."),
        ("The disk is full.", "make room", "The disk is full; make room"),
        ("there is one", "--name another", "there is one; --name another"),
    ],
)
def test_a_hint_that_starts_small_goes_on_with_the_sentence(message, hint, sentence):
    assert AetuiError(message, hint).sentence == sentence

"""What the line was before."""

from itertools import pairwise

from aetui.ui.calculator.chain_history import MOST_STEPS, ChainHistory


def typed(history: ChainHistory, *lines: str) -> None:
    for former, line in pairwise(lines):
        history.keep_typed(former, line)


def all_back(history: ChainHistory) -> list[str | None]:
    return list(iter(history.back, None))


def test_the_letters_of_a_word_are_one_step():
    history = ChainHistory()
    typed(history, "28", "28 ", "28 r", "28 re", "28 r", "28 ra", "28 ra,", "28 ra, ", "28 ra, t")
    assert all_back(history) == ["28 ra,", "28 ra", "28"]


def test_a_replaced_text_is_a_step_that_typing_goes_on_from():
    history = ChainHistory()
    typed(history, "28 relu", "1", "1x", "1x2", "pasted all", "pasted al")
    assert all_back(history) == ["1x2", "28 relu"]


def test_changes_of_one_kind_in_a_row_are_one_step_and_others_are_not():
    history = ChainHistory()
    for former, kind in (("a", 1), ("b", 1), ("c", 2), ("d", None), ("e", None), ("f", 1)):
        history.keep(former, kind)
    assert all_back(history) == ["f", "e", "d", "c", "a"]


def test_after_a_step_back_the_next_change_is_a_step():
    history = ChainHistory()
    history.keep("a", 1)
    assert history.back() == "a"
    history.keep("b", 1)
    assert all_back(history) == ["b"]


def test_steps_are_bounded():
    history = ChainHistory()
    for number in range(2 * MOST_STEPS):
        history.keep(str(number))
    assert len(all_back(history)) == MOST_STEPS

"""Which runs are looked for: `mnist state:finished loss<0.01 latent=8 by:seed`, each word narrowing."""

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from aetui.errors import UsageError
from aetui.runs.listing import RunSummary
from aetui.shapes.sizes import quote

Settings = Callable[[RunSummary, str], str | None]
"""The value of a run's setting, `train.epochs`; None where it is not known (yet)."""

NUMBERS: dict[str, Callable[[RunSummary], float | None]] = {
    "loss": lambda run: run.test_loss,
    "best": lambda run: run.best_loss,
    "epochs": lambda run: run.epochs,
    "seconds": lambda run: run.trained_seconds,
}
TEXTS: dict[str, Callable[[RunSummary], str]] = {
    "state": lambda run: run.state.replace("_", " "),
    "preset": lambda run: run.preset,
    "name": lambda run: f"{run.title} {run.run}",
    "tag": lambda run: " ".join(run.labels.tags),
    "note": lambda run: run.labels.note,
}
FLAGS: dict[str, Callable[[RunSummary], bool]] = {
    "starred": lambda run: run.labels.starred,
    "archived": lambda run: run.labels.archived,
}
COMPARISONS = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_COMPARED = re.compile(r"([\w.]+)(<=|>=|<|>|=)(.+)")
EXAMPLE = "write for example state:finished, best<0.01 or train.learning_rate=1e-3"

Test = Callable[[RunSummary, Settings], bool]


@dataclass(frozen=True)
class Filter:
    """What is looked for, and by which setting runs are grouped."""

    tests: tuple[Test, ...] = ()
    grouped_by: str = ""
    archived: bool = False
    """Whether archived runs are looked for too."""

    def passes(self, run: RunSummary, settings: Settings) -> bool:
        if run.labels.archived and not self.archived:
            return False
        return all(test(run, settings) for test in self.tests)


def parse_filter(text: str) -> Filter:
    """Raises UsageError, in a sentence, for what cannot be understood."""
    tests: list[Test] = []
    grouped_by = ""
    for word in text.split():
        if word.startswith("by:"):
            grouped_by = _setting(word.removeprefix("by:"))
        else:
            tests.append(_test(word))
    return Filter(tuple(tests), grouped_by, archived="is:archived" in text.split())


def _test(word: str) -> Test:
    name, colon, wanted = word.partition(":")
    if colon and name == "is" and wanted in FLAGS:
        flag = FLAGS[wanted]
        return lambda run, _: flag(run)
    if colon and name in TEXTS and wanted:
        told, lower = TEXTS[name], wanted.lower().replace("_", " ")
        return lambda run, _: lower in told(run).lower()
    if compared := _COMPARED.fullmatch(word):
        return _comparison(*compared.groups())
    if colon or any(sign in word for sign in "<>="):
        raise UsageError(f"{quote(word)} asks for nothing that runs have", EXAMPLE)
    lower = word.lower()
    return lambda run, _: lower in _words(run)


def _words(run: RunSummary) -> str:
    labels = run.labels
    parts = (run.run, run.title, run.preset, run.state, labels.note, *labels.tags, *run.changes)
    return " ".join(parts).lower()


def _comparison(name: str, sign: str, value: str) -> Test:
    compare, number = COMPARISONS[sign], _number(value)
    if of := NUMBERS.get(name):
        if number is None:
            raise UsageError(f"{quote(value)} is not a number", EXAMPLE)
        return lambda run, _: (found := of(run)) is not None and compare(found, number)
    key = _setting(name)

    def test(run: RunSummary, settings: Settings) -> bool:
        found = settings(run, key)
        if found is None:
            return False
        told = _number(found)
        if told is not None and number is not None:
            return bool(compare(told, number))
        return sign == "=" and found == value

    return test


def _setting(name: str) -> str:
    """The key of a setting, that is called so, or ends so. Raises UsageError where none does, or several."""
    from aetui.config.fields import every_setting  # the schema costs a third of a second
    from aetui.config.reading import SHORT

    keys = [*(one.key for one in every_setting()), *SHORT.values()]
    if (key := SHORT.get(name, name)) in keys:
        return key
    found = [key for key in keys if key.endswith(f".{name}")]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{quote(name)} may be {' or '.join(found[:4])}", "write which")
    raise UsageError(f"{quote(name)} is no setting and no number of runs", EXAMPLE)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None

"""Several runs at once: their stories as they grow, and each beside the others."""

import time
from collections import deque
from collections.abc import Sequence
from string import ascii_letters

from aetui.config.preset import Preset
from aetui.config.problems import PresetError
from aetui.errors import UsageError
from aetui.runs.comparing import Compared, beside, differing, over_seeds
from aetui.runs.folder import RunFolder
from aetui.ui.run_feed import Feed

MOST = len(ascii_letters)
"""Runs that can be compared: each has a letter."""


class Member:
    """A run of the lineup."""

    def __init__(self, letter: str, folder: RunFolder, preset: str, settings: dict[str, str]) -> None:
        """`preset` is what it is called, `settings` those that not all runs have alike, by key."""
        self.letter = letter
        self.feed = Feed(folder)
        self.preset = preset
        self._settings = settings
        self.compared = self._compare()
        """As it stood at the last look."""

    def poll(self) -> bool:
        """Take in what is new; returns whether anything is."""
        news, _ = self.feed.poll()
        if news:
            self.compared = self._compare()
        return news

    def _compare(self) -> Compared:
        feed = self.feed
        return beside(feed.history, self._settings, feed.folder.name, self.preset, feed.state)


def over_seeds_of(members: Sequence[Member]) -> list[list[Member]]:
    """Those together that differ in nothing but their seeds, in the order of their first ones."""
    by_compared = {id(member.compared): member for member in members}
    groups = over_seeds([member.compared for member in members])
    return [[by_compared[id(one)] for one in group.runs] for group in groups]


class Lineup:
    """The runs of these folders. Raises AetuiError for more than `MOST`, and for a folder of no run."""

    def __init__(self, folders: Sequence[RunFolder]) -> None:
        if len(folders) > MOST:
            raise UsageError(f"{len(folders)} runs are more than the {MOST} that can be compared")
        metas = [folder.read_meta() for folder in folders]
        settings = _settings([_preset(folder) for folder in folders])
        self.members = [
            Member(letter, folder, meta.preset, different)
            for letter, folder, meta, different in zip(
                ascii_letters[: len(folders)], folders, metas, settings, strict=True
            )
        ]
        self._turns = deque(self.members)

    @property
    def behind(self) -> bool:
        """Whether there is more to read right now."""
        return any(member.feed.behind for member in self.members)

    def poll(self, seconds: float) -> bool:
        """Take in what is new, one run after the other, for about so long; returns whether anything is."""
        end, news = time.monotonic() + seconds, False
        for _ in self.members:
            news |= self._turns[0].poll()
            self._turns.rotate(-1)
            if time.monotonic() > end:
                break
        return news


def _preset(folder: RunFolder) -> Preset | None:
    try:
        return folder.read_preset()
    except PresetError:
        return None


def _settings(presets: Sequence[Preset | None]) -> list[dict[str, str]]:
    """What each differs in; of a preset that cannot be read every setting is a question mark."""
    readable = iter(found := differing([preset for preset in presets if preset]))
    unknown = dict.fromkeys(found[0] if found else (), "?")
    return [next(readable) if preset else unknown for preset in presets]

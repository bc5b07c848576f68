"""The settings under the sections of the preset's file, with their values and marks."""

from collections.abc import Iterator
from itertools import groupby
from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from aetui.config.fields import Setting
from aetui.text import safe_text
from aetui.ui.editor.draft import OF_THE_RUN, Draft
from aetui.ui.editor.keys import LIST_KEYS

CHANGED, WRONG = "•", "✗"
NAME_CELLS = 25
"""Of the longest name and a space."""


class SettingsList(OptionList):
    """One line a setting; the cursor's is explained beside the list."""

    BINDINGS: ClassVar[list[BindingType]] = LIST_KEYS

    def show(self, draft: Draft) -> None:
        """The settings of a draft; the cursor stays on the one it is on."""
        chosen = self.chosen
        options = list(_options(draft))
        if [option.id for option in options] == [option.id for option in self.options]:
            for option in options:
                if option.id is not None:
                    self.replace_option_prompt(option.id, option.prompt)
            return
        with self.app.batch_update():
            self.clear_options()
            self.add_options(options)
            there = chosen in {option.id for option in options}
            self.highlighted = self.get_option_index(chosen) if chosen and there else 1

    @property
    def chosen(self) -> str | None:
        """The key of the setting under the cursor."""
        if self.highlighted is None:
            return None
        return self.get_option_at_index(self.highlighted).id


def _options(draft: Draft) -> Iterator[Option]:
    for heading, settings in groupby(draft.settings, key=_heading):
        yield Option(Text(heading, "bold"), disabled=True)
        for setting in settings:
            yield Option(_line(setting, draft), id=setting.key)


def _heading(setting: Setting) -> str:
    return f"[{setting.section}]" if setting.section else "Run"


def _line(setting: Setting, draft: Draft) -> Text:
    changed, wrong = setting.key in draft.changed, setting.key in draft.mistakes
    mark = (WRONG, "red") if wrong else (CHANGED, "yellow") if changed else (" ", "")
    style = "red" if wrong else "bold yellow" if changed else ""
    name = setting.name.removeprefix("--") if setting.key in OF_THE_RUN else setting.name
    value = safe_text(draft.value(setting.key)) or "–"
    return Text.assemble(mark, " ", name.ljust(NAME_CELLS), (value, style), no_wrap=True, overflow="ellipsis")

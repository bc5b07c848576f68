"""What the setting under the cursor means, what is wrong with it, and what a run of the draft would take."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aetui.config.counting import parameter_count
from aetui.config.fields import Setting
from aetui.text import format_count, plural, safe_text
from aetui.ui.editor.draft import OF_ONE_VALUE, OF_THE_RUN, Draft
from aetui.ui.parts.earlier_runs import Pace
from aetui.ui.parts.preset_cost import memory_words, time_words


def explanation(setting: Setting, draft: Draft, pace: Pace | None) -> RenderableType:
    """`pace` is that of an earlier run of the same model."""
    parts: list[RenderableType] = [Text(setting.key, "bold")]
    if wrong := draft.mistakes.get(setting.key):
        parts.append(Text(f"✗ {safe_text(wrong)}", "red"))
    parts += [Text(setting.meaning), Text(), _facts(list(_of_setting(setting, draft)))]
    others = {key: said for key, said in draft.mistakes.items() if key != setting.key}
    parts.append(Text())
    for key, said in others.items():
        parts.append(Text(f"✗ {safe_text(f'{key}: {said}' if key else said)}", "red"))
    if not draft.mistakes:
        parts.append(_facts(list(_of_run(draft, pace))))
    return Group(*parts)


def _of_setting(setting: Setting, draft: Draft) -> Iterator[tuple[str, str]]:
    if setting.key in draft.changed:
        yield "before", draft.own_value(setting.key) or "–"
    if setting.default:
        yield "default", setting.default
    if allowed := ", or ".join(filter(None, (", ".join(setting.choices), setting.range))):
        yield "may be", allowed
    if setting.key not in OF_ONE_VALUE and setting.key not in OF_THE_RUN and not setting.is_list:
        yield "several", "between commas make a run of each"


def _of_run(draft: Draft, pace: Pace | None) -> Iterator[tuple[str, str]]:
    assert draft.preset is not None
    count = parameter_count(draft.preset)
    if draft.varied:
        yield "runs", f"{draft.runs:,}, one after the other"
    yield "parameters", format_count(count)
    yield "memory", memory_words(draft.preset, count)
    yield "time", time_words(draft.preset, pace)
    yield "changed", plural(len(draft.changed), "setting") if draft.changed else "nothing"


def _facts(facts: list[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    for name, value in facts:
        grid.add_row(name, Text(safe_text(value)))
    return grid

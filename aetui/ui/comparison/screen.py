"""Several runs beside each other, live ones growing: their curves on one chart, and a table below."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import DataTable, Static

from aetui.terminal.choice import Choice
from aetui.text import plural, safe_text
from aetui.ui.charts.canvas import DARK, LIGHT
from aetui.ui.charts.keys import WithChart
from aetui.ui.charts.loss_chart import LossChart
from aetui.ui.comparison.curves import Shown, comparable, curves_of
from aetui.ui.comparison.keys import KEYS
from aetui.ui.comparison.lineup import Lineup, Member, over_seeds_of
from aetui.ui.comparison.pictures import ComparedPictures
from aetui.ui.comparison.table import ComparisonTable
from aetui.ui.messages import WatchRequested
from aetui.ui.pacing import PIECE_PAUSE_SECONDS, Pacer
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.too_small import TooSmall

LOOK_SECONDS = 0.25
READ_SECONDS = 0.03
"""For logs, before keys are looked at again."""


class ComparisonScreen(WithChart, Screen[None]):
    """A chart with a curve a run, a table with a row a run; the row under the cursor is told apart."""

    AUTO_FOCUS = "ComparisonTable"
    CSS_PATH = "screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self, lineup: Lineup, images: Choice) -> None:
        """`images`: how pictures are drawn."""
        super().__init__()
        self._lineup = lineup
        self._images = images
        self._shown: Shown = "test"
        self._together = True
        """Whether runs that differ in their seeds alone are one curve."""
        self._pacer = Pacer()
        self._stale = True
        self.chart_preset = lineup.members[0].preset

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield Static(self._title(), id="title")
        with Container(id="curves"):
            yield LossChart()
        yield ComparedPictures(self._images)
        yield Static(id="left-out", markup=False)
        yield ComparisonTable()
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one(LossChart).empty_text = "The first test comes soon."
        self.recall_look()
        self._look()
        self.set_interval(LOOK_SECONDS, self._look)

    # ── what happened ──────────────────────────────────────────────────────

    def _look(self) -> None:
        """Take in what is new, and draw it as the budget allows."""
        self._stale |= self._lineup.poll(READ_SECONDS)
        if self._stale and self._pacer.due():
            self._pacer.drawn()
            self._stale = False
            self._show()
        if self._lineup.behind and self.is_active:
            self.set_timer(PIECE_PAUSE_SECONDS, self._look)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        self._show_curves()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        self.post_message(WatchRequested(self._chosen.feed.folder))

    def on_loss_chart_epoch_pointed(self, event: LossChart.EpochPointed) -> None:
        self.query_one(LossChart).marked_epoch = event.epoch
        self._show()

    # ── what the user wants ────────────────────────────────────────────────

    def action_switch(self) -> None:
        """Train curves in the place of test curves, or back."""
        self._shown = "train" if self._shown == "test" else "test"
        self._show()

    def action_seeds(self) -> None:
        """Runs that differ in their seeds alone as one curve, or a curve each."""
        self._together = not self._together
        self._show()

    def action_pictures(self) -> None:
        """What the runs make of the same test images, in the place of the curves."""
        self.toggle_class("pictures")
        self.call_after_refresh(self._show)

    def action_zoom(self) -> None:
        self.toggle_class("zoomed")

    def action_move(self, by: int) -> None:
        """Read all curves at an epoch: at first the last one that all have finished."""
        chart = self.query_one(LossChart)
        finished = [max(member.feed.history.epochs, default=0) for member in self._lineup.members]
        if chart.marked_epoch is None:
            chart.marked_epoch = min(finished)
        else:
            chart.marked_epoch = min(max(0, chart.marked_epoch + by), max(finished))
        self._show()

    def action_back(self) -> None:
        """From the reading back to the curves, and from there to where this was opened."""
        chart = self.query_one(LossChart)
        if chart.marked_epoch is None:
            self.dismiss()
        else:
            chart.marked_epoch = None
            self._show()

    # ── what is shown ──────────────────────────────────────────────────────

    @property
    def _chosen(self) -> Member:
        return self._lineup.members[max(0, self.query_one(ComparisonTable).cursor_row)]

    @property
    def _groups(self) -> list[list[Member]]:
        """The runs of each curve."""
        members = self._lineup.members
        return over_seeds_of(members) if self._together else [[member] for member in members]

    def _title(self) -> Text:
        members = self._lineup.members
        names = dict.fromkeys(safe_text(member.preset) for member in members)
        words = f"  {plural(len(members), 'run')} of {', '.join(names)}"
        return Text.assemble((" aetui ", "bold reverse"), words, no_wrap=True, overflow="ellipsis")

    def _show(self) -> None:
        colors = DARK if self.app.current_theme.dark else LIGHT
        epoch = self.query_one(LossChart).marked_epoch
        self.query_one(ComparisonTable).show(self._lineup.members, self._groups, epoch, colors)
        self._show_curves()

    def _show_curves(self) -> None:
        """Those that can be drawn on one axis, and how many cannot."""
        members, chosen = self._lineup.members, self._chosen
        chart = self.query_one(LossChart)
        chart.losses = curves_of(self._groups, chosen, self._shown)
        if self.has_class("pictures"):
            self.query_one(ComparedPictures).show(members, chosen, chart.marked_epoch)
        begun = [member for member in members if member.compared.measure]
        drawn = comparable(begun, chosen)
        left_out = self.query_one("#left-out", Static)
        left_out.display = 0 < len(drawn) < len(begun)
        left_out.update(
            f"{len(drawn)} of {len(begun)} are drawn: the others measure something else than "
            f"{safe_text(chosen.compared.measure)}."
        )

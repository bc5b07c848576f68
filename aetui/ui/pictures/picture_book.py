"""Which of a run's pictures are looked at: always the newest, or those of an earlier epoch."""

from collections.abc import Sequence
from typing import get_args

from aetui.runs.events import PreviewSaved, SampleChoice

CHOICES: tuple[SampleChoice, ...] = get_args(SampleChoice)


class PictureBook:
    """The files of pictures of a run as pages, and the page that is open."""

    def __init__(self) -> None:
        self.samples: SampleChoice = "fixed"
        self._saved: Sequence[PreviewSaved] = ()
        self._held: PreviewSaved | None = None
        """The pictures that are held; None follows the newest."""

    @property
    def pages(self) -> list[PreviewSaved]:
        """The pictures of the chosen samples, oldest first."""
        return [saved for saved in self._saved if saved.samples == self.samples]

    @property
    def page(self) -> PreviewSaved | None:
        """The open page: of the held step, or the last one before it."""
        pages = self.pages
        if self._held is not None and self._held in pages:
            return self._held
        if self._held is not None:
            pages = [page for page in pages if page.step <= self._held.step] or pages[:1]
        return pages[-1] if pages else None

    @property
    def follows(self) -> bool:
        """Whether the newest page is open and the next one will be."""
        return self._held is None

    def update(self, saved: Sequence[PreviewSaved]) -> None:
        """Take in all that is there now."""
        self._saved = saved

    def turn(self, by: int) -> bool:
        """Open a page that many later, negative: earlier. Returns whether there was one."""
        pages, page = self.pages, self.page
        if page is None:
            return False
        number = pages.index(page) + by
        if number >= len(pages) - 1:
            self._held = None
        elif number >= 0:
            self._held = pages[number]
        return 0 <= number < len(pages)

    def go_to(self, epoch: int) -> None:
        """Open the last page of that epoch, or of the last one before it."""
        pages = [page for page in self.pages if page.epoch <= epoch] or self.pages[:1]
        if pages:
            self._held = pages[-1] if pages[-1] != self.pages[-1] else None

    def follow(self) -> None:
        """Open the newest page, and each that comes."""
        self._held = None

    def rewind(self) -> None:
        """Open the first page."""
        if pages := self.pages:
            self._held = pages[0] if len(pages) > 1 else None

    def choose_next_samples(self) -> None:
        """The fixed samples, the worst, the best, in turn; the epoch stays."""
        self.samples = CHOICES[(CHOICES.index(self.samples) + 1) % len(CHOICES)]

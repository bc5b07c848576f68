"""The line of keys below every screen."""

from textual.widgets import Footer


class KeyFooter(Footer):
    """Textual's footer, which makes its keys anew whenever they change, without those it had before.

    Every key listens to whether the footer is compact, and the footer of Textual 8.2 keeps all that ever
    listened: some 25 kB a key, 16 keys each time a dialog was opened and closed.
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)

    async def recompose(self) -> None:
        await super().recompose()
        self.mutate_reactive(Footer.compact)  # forgets those that are closed

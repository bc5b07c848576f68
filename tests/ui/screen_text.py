"""What a screen shows."""

from textual.pilot import Pilot


def text_of(pilot: Pilot[None]) -> str:
    """The screen as the terminal would get it; empty before it is laid out."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())

"""How a person may ask for pictures to be drawn."""

from typing import Literal, get_args

Wish = Literal["auto", "half", "ascii", "sixel", "kitty", "off"]
WISHES: tuple[Wish, ...] = get_args(Wish)

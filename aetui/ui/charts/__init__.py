"""Curves on axes as cells of the terminal. Knows no screen and no widget."""

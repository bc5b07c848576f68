"""Curves on axes as cells of the terminal, and the widget that shows them. Knows no screen."""

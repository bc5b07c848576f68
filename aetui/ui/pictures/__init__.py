"""Images as cells or graphics of the terminal. Knows no screen."""

"""What several screens share, and what the app shows over any of them."""

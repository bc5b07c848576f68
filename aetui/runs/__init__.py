"""Run folders: events, writing, reading, following, listing, control."""

"""One run, live or finished: its charts, pictures, figures, machine and log."""

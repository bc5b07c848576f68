"""The states of a run."""

from aetui.errors import EXIT_DIVERGED, EXIT_DONE, EXIT_FAILURE, EXIT_OUT_OF_MEMORY, EXIT_STOPPED

WAITING = "waiting"
"""In the queue, for its turn; nothing was begun."""
STARTING = "starting"
RUNNING = "running"
PAUSED = "paused"
DETACHED = "detached"
"""Running, but the terminal or program that started it is gone."""
FINISHED = "finished"
STOPPED = "stopped"
FAILED = "failed"
DIVERGED = "diverged"
OUT_OF_MEMORY = "out_of_memory"
INTERRUPTED = "interrupted"
"""It says that it runs, but no such process lives."""

LIVE = frozenset({STARTING, RUNNING, PAUSED, DETACHED})
"""States in which a process should be at work."""
EXIT_CODES = {
    FINISHED: EXIT_DONE,
    STOPPED: EXIT_STOPPED,
    FAILED: EXIT_FAILURE,
    DIVERGED: EXIT_DIVERGED,
    OUT_OF_MEMORY: EXIT_OUT_OF_MEMORY,
}
"""Of a program whose run has come to such an end."""
RESUMABLE = frozenset({WAITING, STOPPED, FAILED, DIVERGED, OUT_OF_MEMORY, INTERRUPTED})
"""States that a run can be taken up from."""

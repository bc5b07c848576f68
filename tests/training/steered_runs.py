"""Runs that are told something while they train, of 4 steps an epoch, and what they gave."""

from aetui.runs.events import EpochFinished, SettingChanged

NOISY = ("noise.std=0.2", "train.ema=0.5", "train.epochs=3")


def after_epoch(*changes: tuple[int, str]):
    """Asks for each change when the epoch before it is tested."""

    def react(event, session):
        if isinstance(event, EpochFinished):
            for epoch, change in changes:
                if epoch == event.epoch:
                    session.control.request(f"set {change}")

    return react


def losses(recorder) -> dict[int, tuple[float | None, float]]:
    return {event.epoch: (event.train_loss, event.test_loss) for event in recorder.of(EpochFinished)}


def told(recorder) -> list[tuple[int, str, str, str]]:
    return [(one.step, one.key, one.value, one.before) for one in recorder.of(SettingChanged)]

"""The keys of the monitor."""

from textual.binding import Binding, BindingType

from aetui.ui.charts.keys import CHART_KEYS

PANELS = ("pictures", "run", "device", "log", "layers")

KEYS: list[BindingType] = [
    Binding("space", "ask('pause')", "Pause", id="run.pause", tooltip="pause within one step; again: resume"),
    Binding(
        "space", "resume", "Resume", id="run.pause", tooltip="go on, from the checkpoint if it has ended"
    ),
    Binding(
        "c",
        "ask('checkpoint')",
        "Save",
        id="run.checkpoint",
        tooltip="write a checkpoint now",
        show=False,
    ),
    Binding("s", "stop", "Stop", id="run.stop", tooltip="checkpoint and stop (asks)"),
    Binding("R", "repair", "Repair", id="run.repair", tooltip="mend the list of checkpoints, go on"),
    Binding(
        "h",
        "steer",
        "Change",
        id="run.steer",
        tooltip="change rate, epochs, noise, masks while it trains",
        show=False,
    ),
    Binding(
        "b",
        "branch",
        "Branch",
        id="run.branch",
        tooltip="a new run from one of its checkpoints",
        show=False,
    ),
    *CHART_KEYS,
    Binding(
        "t",
        "epochs",
        "Epochs",
        id="chart.table",
        tooltip="a table of all epochs, with every number",
        show=False,
    ),
    Binding(
        "v",
        "next_chart",
        "Chart",
        id="chart.next",
        tooltip="losses, accuracy, learning rate",
        show=False,
    ),
    Binding(
        "a",
        "ask('probe')",
        "Probe",
        id="run.probe",
        show=False,
        tooltip="measure the features now (linear, kNN)",
    ),
    Binding(
        "T",
        "ask('choose-threads')",
        "Threads",
        id="run.threads",
        show=False,
        tooltip="choose the number of CPU threads anew",
    ),
    Binding("z", "zoom", "Zoom", id="panel.zoom", tooltip="the chart full screen, the pictures, all"),
    Binding(
        "left",
        "pictures('turn', -1)",
        "Earlier",
        id="pictures.earlier",
        key_display="←",
        tooltip="the pictures of an earlier epoch",
        show=False,
    ),
    Binding(
        "right",
        "pictures('turn', 1)",
        "Later",
        id="pictures.later",
        key_display="→",
        tooltip="the pictures of a later epoch",
        show=False,
    ),
    Binding("p", "pictures('play')", "Play", id="pictures.play", tooltip="play the pictures, or hold"),
    Binding(
        "w",
        "pictures('switch_samples')",
        "Worst",
        id="pictures.samples",
        tooltip="the first test images, the worst, the best",
    ),
    Binding(
        "pagedown",
        "pictures('next_samples')",
        "More",
        id="pictures.more",
        key_display="pgdn",
        tooltip="the next images of these",
        show=False,
    ),
    Binding(
        "pageup",
        "pictures('previous_samples')",
        "Back",
        id="pictures.before",
        key_display="pgup",
        tooltip="the images before",
        show=False,
    ),
    Binding(
        "e",
        "pictures('switch_errors')",
        "Error",
        id="pictures.errors",
        tooltip="where the reconstruction is off",
        show=False,
    ),
    Binding(
        "r",
        "ask('preview')",
        "Now",
        id="pictures.now",
        show=False,
        tooltip="reconstruct the test images now, within the epoch",
    ),
    *(
        Binding(str(n), f"choose({n - 1})", name, id=f"panel.{name}", tooltip=f"the {name} panel", show=False)
        for n, name in enumerate(PANELS, start=1)
    ),
    Binding("escape", "back", "Menu", id="run.back", tooltip="back to the menu; training goes on"),
]

"""`aetui probe`: what the frozen features of a run's encoder are worth."""

import argparse
import json
import sys
from dataclasses import asdict

from aetui.cli.options import Verbs, add_json_option, add_run_argument, add_verb


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "probe", run, "measure a run's features: linear probe and nearest neighbours")
    add_run_argument(parser)
    add_json_option(parser)


def run(options: argparse.Namespace) -> int:
    from aetui.devices.available import check_device_name
    from aetui.errors import AetuiError
    from aetui.runs.listing import find_run
    from aetui.runs.liveness import require_idle

    check_device_name(options.device)
    folder = find_run(options.runs, options.which)
    require_idle(folder)
    from aetui.text import safe_text

    print(safe_text(f"probing {folder.name} ..."), file=sys.stderr)
    from aetui.runs.event_log import EventWriter
    from aetui.runs.events import ProbeMeasured
    from aetui.training.model_kinds import check_classes
    from aetui.training.ownership import owned_idle
    from aetui.training.probe import probe
    from aetui.training.trained_model import load_trained_model

    with owned_idle(folder):
        trained = load_trained_model(folder, options.device, options.threads, options.data)
        data, entry = trained.data, trained.entry
        check_classes(len(data.classes))
        if data.abnormal:
            raise AetuiError(f"{folder.name} has abnormal classes, which are not learned, so none are probed")
        found = probe(trained.model, data.train, data.test, len(data.classes), trained.device, lambda: None)
        accuracies = (found.linear_accuracy, found.knn_accuracy)
        seconds = (found.seconds, trained.total_seconds)
        event = ProbeMeasured(entry.epoch, entry.step, *accuracies, *seconds)
        if EventWriter(folder.events).write(event):
            print(
                safe_text(f"aetui: the log takes nothing, so {folder.name} does not keep this"),
                file=sys.stderr,
            )
    if options.json:
        place = {"run": folder.name, "epoch": entry.epoch, "step": entry.step}
        print(json.dumps({**place, **asdict(found)}, indent=1))
        return 0
    print(f"{entry.file}: {found.train_images:,} train images, accuracy on {found.test_images:,} test images")
    print(f"linear probe                  {found.linear_accuracy:.1%}")
    print(f"kNN (20 nearest neighbours)   {found.knn_accuracy:.1%}")
    return 0

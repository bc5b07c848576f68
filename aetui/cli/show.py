"""`aetui show`: what a run did."""

import argparse
import json
from typing import Any

from aetui.cli.options import Verbs, add_json_option, add_run_argument, add_verb


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "show", run, "show what a run did")
    add_run_argument(parser)
    add_json_option(parser)


def run(options: argparse.Namespace) -> int:
    from aetui.runs.listing import find_run
    from aetui.runs.report import report_run

    report = report_run(find_run(options.runs, options.which))
    if options.json:
        print(json.dumps(report, indent=1))
    else:
        _print_report(report)
    return 0


def _print_report(report: dict[str, Any]) -> None:
    from aetui.runs.event_log import left_out
    from aetui.text import format_count, safe_text

    reason = f": {report['reason']}" if report["reason"] else ""
    print(safe_text(f"{report['run']}  {report['state'].replace('_', ' ')}{reason}"))
    if report["device"] is None:
        print(safe_text(f"{report['preset']}, not trained here yet"))
    else:
        size = format_count(report["parameters"])
        print(safe_text(f"{report['preset']} on {report['device']}, {size} parameters"))
        print(safe_text(f"loss: {report['loss']}"))
    if report["branched_from"]:
        step = report["branched_step"] or 0
        print(safe_text(f"a branch of {report['branched_from']}, from step {step} on"))
    for one in report["changed_while_training"]:
        print(safe_text(f"{one['key']} {one['value'] or '–'} from step {one['step']} on"))
    if report["floor"] is not None:
        print(f"floor, without learning: {_floor(report['floor'])}")
    if report["baselines"]:
        print(f"to be compared with: {_baselines(report)}")
    if report["damaged_lines"]:
        print(f"warning: {left_out(report['damaged_lines'], report['first_damaged_line'])}")
    if report["checkpoints_problem"]:
        print(safe_text(f"warning: {report['checkpoints_problem']}"))
    print()
    _print_epochs(report["epochs"], report["best_epoch"], report["tested_on"])
    if report["epochs"] and (detection := report["epochs"][-1]["detection"]):
        print(f"\n{_detection(detection)}")
    if report["best_tested"]:
        print()
        _print_best_tested(report["best_tested"])
    if report["probes"]:
        print()
        _print_probes(report["probes"])


def _baselines(report: dict[str, Any]) -> str:
    from aetui.text import format_number, safe_text

    return ", ".join(f"{safe_text(name)} {format_number(loss)}" for name, loss in report["baselines"].items())


def _floor(floor: dict[str, Any]) -> str:
    from aetui.text import format_number

    loss, filled, perfect = map(format_number, floor.values())
    return loss if floor["pixels"] is None else f"{loss}; pixel MSE {filled}, and {perfect} at a loss of 0"


def _print_best_tested(tested: dict[str, Any]) -> None:
    from aetui.text import format_number

    accuracy = "" if tested["accuracy"] is None else f", accuracy {tested['accuracy']:.1%}"
    what = f"the best epoch, {tested['epoch']}, on {tested['images']:,} test images"
    print(f"{what}: {format_number(tested['loss'])}{accuracy}")
    if tested["detection"]:
        print(_detection(tested["detection"]))


def _detection(detection: dict[str, Any]) -> str:
    from aetui.text import format_number

    area, threshold, found, false_alarms = detection.values()
    return (
        f"abnormal images: ROC-AUC {area:.3f}; above an error of {format_number(threshold)}: "
        f"{found:.1%} of them, and {false_alarms:.1%} of the others"
    )


def _print_epochs(epochs: list[dict[str, Any]], best: int | None, where: str) -> None:
    from aetui.cli.table import print_table
    from aetui.runs.epoch_table import epoch_table

    heads, *rows = epoch_table(epochs, best, where)
    print_table(heads, rows, "no epoch is finished yet")


def _print_probes(probes: list[dict[str, Any]]) -> None:
    from aetui.cli.table import print_table
    from aetui.runs.epoch_table import percent

    rows = [
        (f"{p['epoch']} (step {p['step']:,})", percent(p["linear_accuracy"]), percent(p["knn_accuracy"]))
        for p in probes
    ]
    print_table(("probe after epoch", "linear", "kNN"), rows, "")

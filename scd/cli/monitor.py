"""The command that says where a running study stands, what its monitoring rule finds, and what it suggests."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scd.cli.app import app
from scd.cli.options import JsonOption, WorkspaceOption, workspace_at
from scd.cli.show import print_json, print_rows

if TYPE_CHECKING:
    from scd.analysis.steering import Steering

__all__ = ["monitor"]

_SHOWN = ("case", "session", "phase", "look", "p_improvement", "p_meaningful", "alarms", "suggestion")


@app.command()
def monitor(
    code: Annotated[str, typer.Argument(help="The code of a stored study, or of one of its cases.")],
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Say where a stored study stands after its last session: what came, what the rule finds, what it suggests.

    Alarms come only from the fixed looks of the rule that was chosen before the intervention began, and stand beside
    the rule's own rate of false alarms, simulated for this design.
    """
    from scd.analysis.steering import steer_all

    with workspace_at(workspace).open() as caseload:
        study = caseload.get(code).study
    found = steer_all(study, looked_at=dt.datetime.now(dt.UTC))
    warnings = list(dict.fromkeys(told for one in found for told in one.warnings))
    if json_:
        print_json(
            {
                "rows": [_row(one) for one in found],
                "warnings": warnings,
                "grade": found[0].grade_words,
                "decisions": [d.model_dump(mode="json") for d in study.decisions],
                "rule": None if study.monitoring is None else study.monitoring.model_dump(mode="json"),
                "looks": [look.model_dump(mode="json") for one in found for look in one.looks],
                "trajectory": [row.model_dump(mode="json") for one in found for row in one.trajectory],
                "text": [told for one in found for told in one.text],
                "study": study.code,
            }
        )
        return
    for warning in warnings:
        typer.echo(f"Warning: {warning}", err=True)
    print_rows(([_cell(_row(one)[name]) for name in _SHOWN] for one in found), head=_SHOWN, title=f"study {study.code}")
    for one in found:
        typer.echo("\n".join(one.text))
    typer.echo(found[0].grade_words)
    if study.decisions:
        taken = [(d.case, d.session, d.suggested, d.decided, d.reason) for d in study.decisions]
        print_rows(taken, head=("Case", "Session", "Suggested", "Decided", "Why"), title="Decisions so far")


def _row(found: Steering) -> dict[str, Any]:
    rule = found.rule
    return {
        "case": found.case,
        "session": found.session,
        "phase": found.phase,
        "look": found.look,
        "p_improvement": found.p_improvement,
        "p_meaningful": found.p_meaningful,
        "baseline_stable": found.baseline_stable,
        "alarms": [alarm.kind for alarm in found.alarms],
        "suggestion": found.suggestion,
        "reason": found.reason,
        "false_success": None if rule is None else rule.false_success,
        "false_harm": None if rule is None else rule.false_harm,
    }


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)

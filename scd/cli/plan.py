"""The command that says how many sessions a design needs for a good chance to know."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scd.cli.app import app
from scd.cli.options import Direction, JsonOption, RangeOption, Scale, mistake
from scd.cli.show import print_json, print_rows, progress

if TYPE_CHECKING:
    from scd.analysis.planning import Chance, PlannedDesign, Question

__all__ = ["numbers_of", "plan", "sessions_of"]

_MOST_ASKED = 300


@app.command()
def plan(
    design: Annotated[
        list[str],
        typer.Option(help="ab, abab, … or multiple-baseline; several with commas, or the option again."),
    ],
    sessions: Annotated[str, typer.Option(metavar="5:15", help="Sessions a phase: a range, or a list as in 3,5,10.")],
    change: Annotated[list[str], typer.Option(help="The improvement there would be, in the measure's units; several.")],
    unit: Annotated[
        float | None,
        typer.Option(
            help="The prior's unit, in the measure's units: a fifth of the range, which is taken if not said."
        ),
    ] = None,
    sd: Annotated[float | None, typer.Option(help="SD of the values within a phase; one unit if not said.")] = None,
    autocorrelation: Annotated[
        list[str] | None, typer.Option(help="Of neighbouring sessions; several. 0.3 if not said.")
    ] = None,
    meaningful: Annotated[
        float | None, typer.Option(help="The smallest change that matters; half a unit if not said.")
    ] = None,
    missed: Annotated[float, typer.Option(help="Share of sessions missed.")] = 0.0,
    scale: Annotated[Scale, typer.Option(help="What kind of number it is: score or rating.")] = Scale.SCORE,
    limits: RangeOption = None,
    baseline: Annotated[float | None, typer.Option(help="A rating's level without intervention.")] = None,
    improvement: Annotated[Direction, typer.Option(help="A rating's better direction.")] = Direction.INCREASE,
    model: Annotated[
        str,
        typer.Option(
            help="What judges one client: level, level-trend, phase-level, or report for what heads its report."
        ),
    ] = "level",
    prior_sd: Annotated[float, typer.Option(help="SD of the change's prior in units; 1 is sceptical.")] = 2.5,
    min_phase: Annotated[int, typer.Option(help="Shortest phase that the draw of a reversal design may give.")] = 3,
    tiers: Annotated[int, typer.Option(help="Multiple baseline: clients, behaviours or settings.")] = 3,
    window: Annotated[int, typer.Option(help="Multiple baseline: sessions in each start window.")] = 3,
    cost: Annotated[
        float | None, typer.Option(help="What a session costs the client, in minutes or anything else.")
    ] = None,
    replications: Annotated[int, typer.Option(help="Simulated clients a row.")] = 500,
    seed: Annotated[int, typer.Option(help="Same seed, same clients.")] = 1,
    jobs: Annotated[int | None, typer.Option(help="Threads; one a processor if not said.")] = None,
    json_: JsonOption = False,
) -> None:
    """Say how likely a design is to find a change, by the number of sessions a phase.

    Clients are simulated, and each is judged by the exact posterior. p_detect is the share in whom the
    probability of improvement is above .95, p_meaningful the share in whom that of a meaningful improvement is, width
    the mean width of the 95 % interval, randomization_power that of the randomisation test at .05.
    """
    from scd.analysis.planning import Question, chances, warnings_of

    if unit is None:
        if limits is None:
            raise mistake("--unit: say the prior's unit in the measure's units, or the instrument's range by --range")
        unit = (limits[1] - limits[0]) / 5
    question = Question(
        unit=unit,
        sd=sd,
        meaningful=meaningful,
        missed=missed,
        model=model,  # type: ignore[arg-type]  # what it is not is refused there
        change_sd=prior_sd,
        scale=scale.value,
        minimum=None if limits is None else limits[0],
        maximum=None if limits is None else limits[1],
        baseline=baseline,
        improvement=improvement.value,
    )
    if cost is not None and cost < 0:
        raise mistake(f"--cost: must be 0 or more (got {cost:g})")
    with progress() as told:
        found = chances(
            question,
            designs=[name for text in design for name in text.split(",")],
            sessions=sessions_of(sessions),
            changes=numbers_of(change, option="--change"),
            autocorrelations=numbers_of(autocorrelation or ["0.3"], option="--autocorrelation"),
            replications=replications,
            seed=seed,
            min_phase=min_phase,
            tiers=tiers,
            window=window,
            jobs=jobs,
            progress=lambda share: told("Simulating", share),
        )
    warnings = warnings_of(found, question)
    if json_:
        print_json(_document(found, question, warnings=warnings, seed=seed, cost=cost))
        return
    _print(found, question, warnings=warnings, cost=cost)


def sessions_of(text: str) -> list[int]:
    """The numbers of sessions that are meant by a range or a list.

    Parameters
    ----------
    text : str
        ``5:15``, ``3,5,10`` or both mixed.

    Raises
    ------
    StudyError
        When it can't be read.

    Examples
    --------
    >>> sessions_of("3,5:7")
    [3, 5, 6, 7]
    """
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)\s*(?:[:-]\s*(\d+)\s*)?", part)
        if match is None:
            raise mistake(f"--sessions: must be a number, a range or a list, such as 5:15 or 3,5,10 (got '{text}')")
        first = int(match[1])
        last = int(match[2] or first)
        if last < first or last - first >= _MOST_ASKED:
            raise mistake(
                f"--sessions: a range runs from the smaller to the larger, over {_MOST_ASKED} at most (got '{part}')"
            )
        found += range(first, last + 1)
    return list(dict.fromkeys(found))


def numbers_of(texts: Sequence[str], *, option: str) -> list[float]:
    """The numbers of an option that may be given several times, or with commas.

    Parameters
    ----------
    texts : sequence of str
    option : str
        Its name, for the error.

    Raises
    ------
    StudyError
        When one is no number.

    Examples
    --------
    >>> numbers_of(["0,0.3", "0.5"], option="--autocorrelation")
    [0.0, 0.3, 0.5]
    """
    found = []
    for part in (p for text in texts for p in text.split(",")):
        try:
            found.append(float(part))
        except ValueError:
            raise mistake(f"{option}: must be a number, or several with commas (got '{part.strip()}')") from None
    return found


def _document(
    found: tuple[Chance, ...], question: Question, *, warnings: tuple[str, ...], seed: int, cost: float | None
) -> dict[str, Any]:
    from scd.analysis.planning import CERTAIN, assumption_words, reach_words

    plans = {(one.plan.name, one.plan.sessions): one.plan for one in found}
    return {
        "rows": [one.row for one in found],
        "warnings": list(warnings),
        "errors": [one.errors for one in found],
        "designs": [_told(plan) | {"cost": None if cost is None else cost * plan.total} for plan in plans.values()],
        "text": [*reach_words(found, meaningful=question.smallest_meaningful), *assumption_words(found, question)],
        "unit": question.unit,
        "sd": question.within_sd,
        "meaningful": question.smallest_meaningful,
        "missed": question.missed,
        "scale": question.scale,
        "model": question.model,
        "prior_sd": question.change_sd,
        "certain": CERTAIN,
        "alpha": 0.05,
        "ci_prob": 0.95,
        "seed": seed,
    }


def _told(plan: PlannedDesign) -> dict[str, Any]:
    return {
        "design": plan.name,
        "sessions": plan.sessions,
        "total": plan.total,
        "tiers": len(plan.starts),
        "starts": plan.starts,
        "grade": plan.grade,
        "drawn_grade": plan.drawn_grade,
        "scheme": plan.scheme,
        "min_phase": plan.min_phase,
        "windows": plan.windows,
        "admissible": plan.admissible,
        "smallest_p": plan.smallest_p,
    }


def _print(found: tuple[Chance, ...], question: Question, *, warnings: tuple[str, ...], cost: float | None) -> None:
    from scd.analysis.planning import assumption_words, reach_words

    head = ["design", "sessions", "in all", "change", "autocorrelation", "p_detect", "p_meaningful", "width"]
    head += ["randomization_power", "WWC 4.1", *(["cost"] if cost is not None else [])]
    rows = []
    for one in found:
        tiers = len(one.plan.starts)
        in_all = f"{one.plan.total}" if tiers == 1 else f"{one.plan.total} x {tiers}"
        power = "" if one.randomization_power is None else f"{one.randomization_power:.2f}"
        cells = [one.plan.name, one.plan.sessions, in_all, f"{one.change:g}", f"{one.autocorrelation:g}"]
        cells += [f"{one.p_detect:.2f}", f"{one.p_meaningful:.2f}", f"{one.width:.3g}", power, one.plan.grade]
        rows.append([*cells, *([f"{cost * one.plan.total:g}"] if cost is not None else [])])
    title = f"{found[0].replications} replications, unit {question.unit:g}, SD within a phase {question.within_sd:g}"
    print_rows(rows, head=head, title=title)
    if cost is not None:
        typer.echo(f"Cost: {cost:g} a session, for each client (of a multiple baseline, for each tier).")
    typer.echo(
        "\n".join((*reach_words(found, meaningful=question.smallest_meaningful), *assumption_words(found, question)))
    )
    for warning in warnings:
        typer.echo(f"Note: {warning}")

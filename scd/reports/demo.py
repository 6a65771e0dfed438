"""The demo: a workspace of synthetic clients, fitted and reported, with a front page that says what is true."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

from scd.analysis.between_sessions import BetweenSessions
from scd.analysis.summary import Summary, headline_model
from scd.design.standards import grade_wwc
from scd.design.synthetic import SyntheticStudy, synthetic_studies
from scd.language import gettext as _
from scd.language import spoken_here
from scd.records.caseload import Caseload
from scd.records.workspace import Workspace, init_workspace
from scd.reports.demo_index import BANNER, DemoRow, index_page
from scd.reports.outcomes import summarize_outcomes
from scd.reports.page_jobs import between_of
from scd.reports.report import make_report
from scd.reports.shares import has_several_clients
from scd.study import Study, StudyError

__all__ = ["DemoResult", "demo_contents", "make_demo"]

# A file for people that also tells a demo's folder from a clinic's.
_NOTICE = "SYNTHETIC.txt"
_NOTICE_TEXT = f"""{BANNER}

This workspace was made by `scd demo`. Everybody in it is made up. Running the demo again renews the reports.
"""
_KERNELS = 2
_Futures = dict[tuple[str, str], Future[Path]]


@dataclass(frozen=True)
class DemoResult:
    """What the demo made.

    Parameters
    ----------
    index : pathlib.Path
        The front page, to be opened in a browser.
    reports : tuple of pathlib.Path
        All pages that were made.
    failures : tuple of str
        What could not be made, a sentence each; empty when all went well.
    seconds : float
        How long it took.
    """

    index: Path
    reports: tuple[Path, ...]
    failures: tuple[str, ...]
    seconds: float


def make_demo(
    path: str | Path,
    *,
    studies: Sequence[SyntheticStudy] | None = None,
    progress: Callable[[float], None] | None = None,
) -> DemoResult:
    """Make a workspace of synthetic clients, estimate and report each, and write a front page.

    In a folder that a demo made before, studies that are there stay as they are, so that what somebody tried out is
    kept; reports and front page are renewed, in the language that is spoken.

    Parameters
    ----------
    path : str or pathlib.Path
        A new or empty folder, or one that a demo made before.
    studies : sequence of SyntheticStudy, optional
        By default `scd.design.synthetic.synthetic_studies`.
    progress : callable, optional
        Called with the share done, 0 to 1, from several threads.

    Returns
    -------
    DemoResult
        With the front page; one report that fails does not stop the others.

    Raises
    ------
    StudyError
        When the folder holds anything but a demo; nothing in it is touched.
    """
    began = time.monotonic()
    known = synthetic_studies()
    wanted = tuple(known if studies is None else studies)
    workspace = _demo_workspace(Path(path).expanduser().absolute(), codes={s.study.code for s in (*known, *wanted)})
    held = _stored(workspace, wanted)
    tell = _Steps(sum(1 + len(_pages(one.study)) for one in held), progress)
    made: dict[str, tuple[DemoRow, _Futures]] = {}
    # Kernels work on one client's pages while the next client is fitted here, where each model compiles only once.
    with ThreadPoolExecutor(max_workers=_KERNELS) as kernels:
        for one in sorted(held, key=_structure):
            summaries = summarize_outcomes(one.study)
            between = between_of(one.study)
            tell.step()
            row = DemoRow(
                label=one.label,
                story=one.story,
                study=one.study,
                grade=_(grade_wwc(one.study).grade),
                says=(_headline(summaries[0]), *_between_words(between)),
            )
            pages = {
                (code, audience): kernels.submit(
                    spoken_here(partial(_report, workspace, code, audience, summaries, between, tell))
                )
                for code, audience in _pages(one.study)
            }
            made[one.study.code] = row, pages
    rows = [_with_links(*made[one.study.code], workspace=workspace) for one in held]
    _set_up_pages(workspace, [one.study for one in held])
    index = workspace.path / "index.html"
    _write(index, index_page(rows))
    if progress:
        progress(1.0)
    return DemoResult(
        index=index,
        reports=tuple(f.result() for _, pages in made.values() for f in pages.values() if f.exception() is None),
        failures=tuple(f"{row.label}: {row.failure}" for row in rows if row.failure),
        seconds=time.monotonic() - began,
    )


def demo_contents(folder: str | Path) -> str:
    """The synthetic clients with links to their finished reports, as a table in Markdown for a notebook.

    JupyterLab opens a notebook's links to files, but not a page's links to other pages.

    Parameters
    ----------
    folder : str or pathlib.Path
        Where `make_demo` made the demo, relative to the notebook.

    Returns
    -------
    str
        A row a client; links only to reports that are there.

    Examples
    --------
    >>> print(demo_contents("nowhere").splitlines()[2])
    | Synthetic client 1 (clear effect) | Distress falls by about 3.7 points whenever the intervention is on and \
returns when it is off. | not made here: run `scd demo` |
    """
    head = [_("| Client | True story | Reports |"), "|:---|:---|:---|"]
    rows = []
    for one in synthetic_studies():
        found = [
            f"[{_link_words(one.study, code, audience)}]({quote(address)})"
            for code, audience in _pages(one.study)
            if Path(address := f"{folder}/reports/{code}-{audience}.html").is_file()
        ]
        rows.append(f"| {one.label} | {one.story} | {', '.join(found) or _('not made here: run `scd demo`')} |")
    return "\n".join([*head, *rows])


class _Steps:
    """Counts what is done; several threads report to it."""

    def __init__(self, steps: int, progress: Callable[[float], None] | None) -> None:
        self._steps, self._done, self._progress = steps, 0, progress

    def step(self) -> None:
        self._done += 1  # at worst a step is told late: the last call of `make_demo` says 1
        if self._progress:
            self._progress(min(1.0, self._done / self._steps))


def _demo_workspace(path: Path, *, codes: set[str]) -> Workspace:
    notice = path / _NOTICE
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        if not (notice.is_file() and notice.read_text(encoding="utf-8").startswith(BANNER)):
            raise StudyError(
                f"demo '{path}': holds other things and was left alone; name a new or an empty folder", field="path"
            )
        workspace = Workspace(path)
        if not workspace.store.is_file():
            raise StudyError(f"demo '{path}': has lost its store; remove the folder, or name a new one", field="path")
        with workspace.open() as caseload:
            strangers = [held.study.code for held in caseload.list() if held.study.code not in codes]
        if strangers:
            raise StudyError(
                f"demo '{path}': holds studies that the demo did not make ({', '.join(strangers[:3])}) and was left "
                "alone; name a new or an empty folder",
                field="path",
            )
        return workspace
    workspace = init_workspace(path)
    _write(notice, _NOTICE_TEXT)
    return workspace


def _stored(workspace: Workspace, wanted: Sequence[SyntheticStudy]) -> list[SyntheticStudy]:
    with workspace.open() as caseload:
        return [replace(one, study=_stored_study(caseload, one)) for one in wanted]


def _stored_study(caseload: Caseload, one: SyntheticStudy) -> Study:
    known = {held.study.code: held.study for held in caseload.list()}
    if one.study.code in known:
        return known[one.study.code]
    return caseload.add(one.study, labels=one.labels(), reason="scd demo").study


def _set_up_pages(workspace: Workspace, studies: Sequence[Study]) -> None:
    """Put pages to work with into the workspace: of the first study of each design, and the first rule's weekly one."""
    from scd.forms.pages import new_page, weekly_page_of  # the demo shows what the other doors open on

    first = {study.design: study.code for study in reversed(studies)}
    if code := first.get("reversal"):
        new_page(workspace, "abab", code=code)
    if code := first.get("multiple-baseline"):
        new_page(workspace, "multiple-baseline", code=code)
    if steered := next((study for study in studies if study.monitoring is not None), None):
        # Made anew as the others are, for one that was there may be in another language.
        weekly_page_of(workspace, steered).unlink()
        weekly_page_of(workspace, steered)


def _pages(study: Study) -> list[tuple[str, str]]:
    """Code and audience of each page: where the cases are clients, each has a page of their own."""
    clients = [case.code for case in study.cases] if has_several_clients(study) else [study.code]
    return [(study.code, "clinician"), *((code, "client") for code in clients)]


def _structure(one: SyntheticStudy) -> int:
    """The place of a study in the order of fitting: single cases share one compilation, so that kernels start soon."""
    return int(headline_model(one.study) == "multilevel")


def _report(
    workspace: Workspace,
    code: str,
    audience: str,
    summaries: Sequence[Summary],
    between: Sequence[BetweenSessions],
    tell: _Steps,
) -> Path:
    page = make_report(workspace, code, audience=audience, summaries=summaries, between=between)
    tell.step()
    return page


def _headline(summary: Summary) -> str:
    """The first paragraph up to the probability of improvement, and why there is no verdict, where there is none."""
    chance = re.escape(_("probability of improvement"))
    first = re.match(rf".*?{chance}[^()]*\([^()]*\)\.", summary.text[0], re.IGNORECASE)
    reservations = [text for text in summary.text[1:] if text.startswith(_("No verdict"))]
    return " ".join([first[0] if first else summary.text[0], *reservations])


def _between_words(between: Sequence[BetweenSessions]) -> tuple[str, ...]:
    """What the clinician's report says first of areas, practice and processes, where it has something to say."""
    told: list[str] = []
    for found in between:
        if found.areas is not None:
            told += found.areas.text[:1]
        told += [line for p in found.practice if p.dose and p.dose.told_apart for line in p.dose.text[:1]]
        if found.processes is not None and found.processes.leading:
            told += found.processes.text[:1]
    return tuple(told)


def _with_links(row: DemoRow, pages: _Futures, *, workspace: Workspace) -> DemoRow:
    links, failures = [], []
    for (code, audience), future in pages.items():
        error = future.exception()
        if error is None:
            address = future.result().relative_to(workspace.path).as_posix()
            links.append((_link_words(row.study, code, audience), address))
        elif isinstance(error, StudyError):
            failures.append(error.message)
        else:
            raise error
    return replace(row, links=tuple(links), failure="; ".join(failures))


def _link_words(study: Study, code: str, audience: str) -> str:
    if code != study.code:
        return _("For client {code}").format(code=code)
    return _("For the clinician") if audience == "clinician" else _("For the client")


def _write(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}.draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)

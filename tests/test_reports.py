"""Reports: a page is whole, of this client and this revision, needs nothing else – or there is none."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from scd.analysis import Summary
from scd.analysis.appendix import Check, Robustness
from scd.records import Workspace, init_workspace
from scd.reports import sections, templates
from scd.reports.engine import SENTINEL, ReportError, run_notebook, seal_of
from scd.reports.example import example_job, example_study, example_summary
from scd.reports.html import check_page, page_facts, to_page
from scd.reports.job import Job, open_job, write_job
from scd.reports.markup import facts, items, paragraphs, table
from scd.reports.outcomes import check_outcomes, other_outcomes, study_of_outcome, summarize_outcomes
from scd.reports.report import job_folders, make_report, page_path, report_all, report_study
from scd.reports.shares import pending_summary, share_of
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style><svg onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "[click](javascript:alert(1))",
    "<a href='javascript:alert(1)'>x</a>",
    "{{ 7*7 }}{% raw %}<b>",
    "<!-- ]]> -->",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "url(http://evil.example) @import 'x'",
    "`<object data=x>` **bold** $x<y$",
    "<meta http-equiv=refresh content=0;url=http://evil.example>",
)


def notebook(*sources: str, parameters: str = 'job = ""'):
    cells = [new_code_cell(parameters, metadata={"tags": ["parameters"]}), *map(new_code_cell, sources)]
    return new_notebook(cells=cells, metadata=PYTHON)


DONE = f"print('{SENTINEL}: token')"


def page_of(job: Job, audience: str) -> str:
    """The template's page of a job, its cells run right here; that kernels do the same is tested with `hostile`."""
    template = nbformat.read(templates.template_path(f"report_{audience}"), as_version=4)
    names: dict[str, object] = {"job": "", "report": job, "page": sections}
    for cell in template.cells:
        if cell.cell_type != "code" or "open_job" in cell.source:
            continue
        (line,) = ast.parse(cell.source).body
        if isinstance(line, ast.Expr):
            piece = eval(compile(ast.Expression(line.value), "cell", "eval"), names)
            held = {"text/html": piece._repr_html_()} if hasattr(piece, "_repr_html_") else {"text/plain": repr(piece)}
            cell.outputs = [new_output("execute_result", held)]
    return to_page(template, title="Trial", audience=audience, facts={})


def recoded(study: Study, summary: Summary, code: str) -> tuple[Study, Summary]:
    study = study.replace(code=code, cases=(study.cases[0].replace(code=code),))
    rows = {name: tuple(r.replace(case=code) for r in getattr(summary, name)) for name in ("effects", "levels")}
    projection = tuple(r.replace(case=code) for r in summary.projection)
    return study, summary.replace(study=code, fingerprint=study.fingerprint(), projection=projection, **rows)


def stored(workspace: Workspace, code: str = "K7M2AB", **changes: object) -> tuple[Study, Summary]:
    study, summary = recoded(example_study(), example_summary(), code)
    study = study.replace(**changes)
    with workspace.open() as caseload:
        caseload.add(study)
    return study, summary.replace(fingerprint=study.fingerprint())


class Reader(HTMLParser):
    """An independent look at a page: its elements, its addresses, its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.text.append(data)

    @property
    def said(self) -> str:
        return " ".join(" ".join(self.text).split())


# --- parameters -----------------------------------------------------------------------------------------------------


def refused(given: object, *, cell: str = 'job = ""') -> str:
    with pytest.raises(ReportError) as caught:
        run_notebook(notebook(DONE, parameters=cell), name="trial", parameters=given)  # type: ignore[arg-type]
    return caught.value.message


def test_a_stranger_among_the_parameters_is_refused():
    assert "has no parameter 'jop' (it has job)" in refused({"job": "", "jop": ""})


def test_a_missing_parameter_is_refused():
    assert "parameter 'job': is missing" in refused({})


@pytest.mark.parametrize("name", ["x=1\nprint('INJ')\ny", "a.b", "class", "", "ä", "job = 1 #"])
def test_a_name_that_would_become_code_is_refused(name):
    assert "must be a plain name" in refused({"job": "", name: 1})


@pytest.mark.parametrize("value", [Path("x"), ("a",), ["a"], {"a": 1}, b"x", type("Text", (str,), {})("x"), object()])
def test_a_value_that_is_no_plain_value_is_refused(value):
    # Papermill writes what it doesn't know between quotation marks, unescaped.
    assert "must be text, a number" in refused({"job": value})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_must_be_finite(value):
    assert "must be a finite number" in refused({"job": value})


def test_a_template_without_a_parameters_cell_is_refused():
    with pytest.raises(ReportError, match="exactly one cell tagged 'parameters'"):
        run_notebook(new_notebook(cells=[new_code_cell(DONE)], metadata=PYTHON), name="trial", parameters={})


def test_a_parameters_cell_that_computes_is_refused():
    assert "is no plain value" in refused({"job": ""}, cell="job = open('x')")
    assert "must read 'name = value'" in refused({"job": ""}, cell="import os")


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80))
def test_any_text_passes_into_the_notebook_as_it_is(text):
    from scd.reports.engine import _assignments, _prepared

    try:
        text.encode()
    except UnicodeEncodeError:
        return  # half a surrogate pair is no text
    prepared = _prepared(notebook(DONE), {"job": text}, "trial")
    injected = [c for c in prepared.cells if "injected-parameters" in c.metadata.get("tags", [])]
    assert _assignments(injected[0].source, name="trial") == {"job": text}


# --- runs -----------------------------------------------------------------------------------------------------------

TRIALS: dict[str, tuple[tuple[str, ...], dict[str, float]]] = {
    "exception": (
        ("values = [4711, 4712]\nx = 1\ny = 2\nraise ValueError('first line 4711\\nlast line')", DONE),
        {},
    ),
    "sys.exit(0)": (("import sys\nsys.exit(0)", DONE), {}),
    "killed": (("import os\nos.kill(os.getpid(), 9)", DONE), {}),
    "slow cell": (("import time\ntime.sleep(600)", DONE), {"cell_seconds": 1}),
    "slow run": (("import time\ntime.sleep(600)", DONE), {"cell_seconds": 600, "seconds": 3}),
    "no sentinel": (("x = 1",), {}),
}


@pytest.fixture(scope="module")
def failures() -> dict[str, str]:
    """What each kind of bad run says; several at once, as kernels of a batch run."""

    def message(name: str) -> str:
        sources, limits = TRIALS[name]
        trial = notebook(*sources)
        # An old output in the template must not vouch for this run.
        trial.cells[-1].outputs = [new_output("stream", text=f"{SENTINEL}: token")]
        with pytest.raises(ReportError) as caught:
            run_notebook(trial, name="trial", parameters={"job": ""}, **limits)  # type: ignore[arg-type]
        return caught.value.message

    with ThreadPoolExecutor(3) as pool:
        return dict(zip(TRIALS, pool.map(message, TRIALS), strict=True))


def test_a_failing_cell_is_quoted_with_the_error_s_last_line_only(failures):
    said = failures["exception"]
    assert "template 'trial': failed in the cell\n    values = [4711, 4712]\n    x = 1\n    y = 2\n    …" in said
    assert said.endswith("\nlast line")
    assert "Traceback" not in said
    assert "first line" not in said.splitlines()[-1]


def test_sys_exit_0_is_no_success(failures):
    # Papermill takes it for one, and later cells never run.
    assert "stopped before its end" in failures["sys.exit(0)"]


def test_a_killed_kernel_is_no_success(failures):
    # Papermill marks every cell of such a run as completed.
    assert "failed in the cell\n    import os" in failures["killed"]
    assert "the kernel stopped" in failures["killed"]


def test_a_kernel_that_was_killed_once_is_tried_once_more(tmp_path):
    marker = tmp_path / "killed"
    once = (
        f"import os, pathlib\nmarker = pathlib.Path({str(marker)!r})\n"
        "if not marker.exists():\n    marker.touch()\n    os.kill(os.getpid(), 9)"
    )
    ran = run_notebook(notebook(once, DONE), name="trial", parameters={"job": ""})
    assert marker.exists()
    assert seal_of(ran) is not None


def test_runs_side_by_side_do_not_share_the_callers_event_loop():
    """JupyterLab's callbacks, and `asyncio.to_thread`, hand a context on that knows a loop of the caller's."""
    from contextvars import copy_context

    from jupyter_core.utils import ensure_event_loop

    def caller() -> list[str | None]:
        loop = ensure_event_loop()
        try:
            with ThreadPoolExecutor(2) as pool:
                runs = [
                    pool.submit(copy_context().run, run_notebook, notebook(DONE), name="trial", parameters={"job": ""})
                    for _ in range(2)
                ]
                return [seal_of(run.result()) for run in runs]
        finally:
            loop.close()

    assert copy_context().run(caller) == ["token", "token"]


def test_a_cell_that_takes_too_long_is_no_success(failures):
    assert failures["slow cell"].endswith("the cell took longer than 1 s")


def test_a_run_that_takes_too_long_is_ended_from_outside(failures):
    assert failures["slow run"].endswith("the run took longer than 3 s")


def test_a_run_that_does_not_say_it_is_complete_is_no_success(failures):
    assert "ended without saying that it is complete" in failures["no sentinel"]


def test_a_run_uses_this_python_private_sockets_and_nobody_s_profile(tmp_path, monkeypatch):
    startup = tmp_path / "startup.py"
    startup.write_text("raise SystemExit('a person’s start-up file ran')")
    monkeypatch.setenv("PYTHONSTARTUP", str(startup))
    code = (
        "import json, os, sys\nfrom ipykernel.kernelapp import IPKernelApp\napp = IPKernelApp.instance()\n"
        "mode = oct(os.stat(os.path.dirname(app.connection_file)).st_mode & 0o777)\n"
        "print(json.dumps([sys.executable, app.transport, app.ip, mode, os.environ['IPYTHONDIR']]))"
    )

    async def inside_an_event_loop():
        # Every callback in JupyterLab stands in one.
        return run_notebook(notebook(code, DONE), name="trial", parameters={"job": ""})

    ran = asyncio.run(inside_an_event_loop())
    python, transport, ip, mode, profile = json.loads(ran.cells[2].outputs[0].text)
    assert (Path(python), transport, mode) == (Path(sys.executable), "ipc", "0o700")
    folder = Path(ip).parent
    assert Path(profile).parent == folder
    assert not folder.exists()
    assert len(ip) < 90
    assert seal_of(ran) == "token"


# --- pages ----------------------------------------------------------------------------------------------------------


def exported(*cells) -> str:
    return to_page(
        new_notebook(cells=list(cells), metadata=PYTHON), title="T", audience="client", facts={"scd-x": "<1>"}
    )


def code_cell(*outputs, source="secret_code = 1", tags=()):
    cell = new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})
    cell.metadata["papermill"] = {"secret": 1}
    return cell


def test_a_page_holds_words_and_pieces_but_no_code_stream_error_or_metadata():
    html = exported(
        new_markdown_cell("## Heading\n\n<b>raw</b>"),
        new_markdown_cell("only in the notebook", metadata={"tags": ["workshop"]}),
        code_cell(new_output("execute_result", {"text/html": "<p>piece</p>", "text/plain": "plain_secret"})),
        code_cell(new_output("stream", text="stream_secret"), new_output("error", ename="E", evalue="error_secret")),
        code_cell(new_output("display_data", {"image/png": "aW1n", "application/javascript": "js_secret"})),
    )
    assert "<p>piece</p>" in html
    assert "<h2" in html
    assert "&lt;b&gt;raw&lt;/b&gt;" in html
    for word in ("secret", "papermill", "only in the notebook", "aW1n", "nbconvert"):
        assert word not in html


def test_a_page_has_a_strict_policy_a_language_and_no_address():
    html = exported(new_markdown_cell("x"))
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert f'http-equiv="Content-Security-Policy" content="{policy}' in html
    assert html.startswith("<!DOCTYPE html>")
    assert '<html lang="en">' in html
    assert "http://" not in html
    assert "https://" not in html
    assert page_facts(html) == {"scd-x": "<1>"}


@pytest.mark.parametrize(
    "html",
    [
        "<script>1</script>",
        "<img src='http://x.example/a.png'>",
        "<img src='//x.example/a.png'>",
        "<img src='data:text/html,x'>",
        "<p onclick=x>",
        "<svg onload=x>",
        "<a href='#x'>",
        "<link rel=stylesheet href=x>",
        "<meta http-equiv=refresh content='0;url=x'>",
        "<p style='background:url(http://x)'>",
        "<p style='background: UR L (x)'>".replace("UR L ", "URL"),
        "<style>@import 'x';</style>",
        "<style>p { background: url( 'x' ) }</style>",
        "<svg><image href='#x'/></svg>",
        "<svg><use href='http://x/#y'/></svg>",
        "<svg><foreignObject></foreignObject></svg>",
        "<rect fill='url(http://x)'/>",
        "<iframe></iframe>",
        "<form action=x></form>",
        "<object data=x></object>",
        "<base href=x>",
    ],
)
def test_what_could_load_or_run_anything_is_refused(html):
    with pytest.raises(ReportError, match="which a report must not have; no page was made"):
        check_page(html)


def test_what_a_chart_needs_is_let_through():
    check_page(
        "<svg role='img'><defs><clipPath id='c'></clipPath></defs><g clip-path='url(#c)'><path d='M0'/></g></svg>"
    )
    check_page("<p aria-label='url(http://x) onclick'>url(http://x) @import &lt;script&gt;</p>")


@settings(deadline=None)
@given(st.text())
def test_no_text_becomes_markup(text):
    tabled = table([[text, text]], head=["a", text], caption=text)
    for html in (paragraphs([text]), items([text]), facts([("name", text or "x")]), tabled):
        reader = Reader(str(html))
        assert set(reader.tags) <= {
            "p",
            "ul",
            "li",
            "dl",
            "dt",
            "dd",
            "div",
            "table",
            "caption",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
        }
        assert "<script" not in str(html).lower()


# --- reports --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> dict[str, str]:
    """Both pages of a client whose every free text is an attack, made by several threads at once."""
    workspace = init_workspace(tmp_path_factory.mktemp("hostile") / "w {x} 'q' ")
    plain = example_study()
    labels = iter(HOSTILE)
    sessions = [
        s.replace(
            note=next(labels, ""),
            date=None,
            values=(*s.values, *(Value(measure=key, value=s.number) for key in ("other", "second"))),
        )
        for s in plain.cases[0].sessions
    ]
    worry = plain.measures[0].replace(label=HOSTILE[0] + HOSTILE[1], unit=HOSTILE[2], source=HOSTILE[3])
    other = Measure(key="other", label=HOSTILE[8], unit=HOSTILE[11], improvement="increase", role="process")
    moved = plain.cases[0].phases[1].replace(planned_start=6, actual_start=7, reason=HOSTILE[9])
    phases = (plain.cases[0].phases[0], moved, *plain.cases[0].phases[2:])
    case = Case(code="K7M2AB", phases=phases, sessions=tuple(sessions))
    second = Measure(key="second", label=HOSTILE[10], unit=HOSTILE[4], improvement="increase")
    study, summary = stored(workspace, cases=(case,), measures=(worry, other, second), note=HOSTILE[3])
    told = HOSTILE[4:8]
    summary = summary.replace(text=told, client_text=told, warnings=HOSTILE, grade=HOSTILE[5], priors={"x": HOSTILE[1]})
    own = [summary, summary.replace(measure="second")]
    strange, alone = stored(workspace, code="QQQ222")
    wanted = [("K7M2AB", a, own) for a in ("clinician", "client")] + [("QQQ222", "client", [alone])]
    with ThreadPoolExecutor(2) as pool:
        paths = list(pool.map(lambda w: make_report(workspace, w[0], audience=w[1], summaries=w[2]), wanted))
    assert job_folders(workspace) == ()
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths)
    pages = {f"{w[0]} {w[1]}": path.read_text() for w, path in zip(wanted, paths, strict=True)}
    return pages | {"fingerprint": study.fingerprint(), "strange": strange.fingerprint()}


SAFE = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "footer", "div", "p", "span", "h1", "h2", "h3",
    "ul", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption",
    "details", "summary", "svg", "desc", "g", "path", "text", "tspan", "rect", "line", "defs", "clippath",
    "strong", "em",
}  # fmt: skip


@pytest.mark.parametrize("audience", ["clinician", "client"])
def test_hostile_text_stays_text(hostile, audience):
    html = hostile[f"K7M2AB {audience}"]
    reader = Reader(html)
    assert set(reader.tags) <= SAFE
    assert not [a for a in reader.attributes if a[1].startswith("on") or a[1] in ("href", "src", "srcdoc")]
    assert not re.search(r"<(?:script|img|iframe|object|a)\b", html, re.IGNORECASE)
    shown = HOSTILE[4:8] if audience == "client" else HOSTILE
    for text in shown:
        assert " ".join(text.split()) in reader.said
    check_page(html)


@pytest.mark.parametrize("audience", ["clinician", "client"])
def test_a_page_loads_nothing_and_shows_no_code(hostile, audience):
    html = hostile[f"K7M2AB {audience}"]
    reader = Reader(html)
    loading = ("src", "href", "xlink:href", "data", "action")
    assert not [value for _, name, value in reader.attributes if name in loading]
    assert "script" not in reader.tags
    for word in ("papermill", "open_job", "sections", "parameters", "injected", ".scd-jobs", SENTINEL):
        assert word not in html


@pytest.mark.parametrize("audience", ["clinician", "client"])
def test_a_page_says_whose_it_is_and_which_revision(hostile, audience):
    html = hostile[f"K7M2AB {audience}"]
    facts = page_facts(html)
    assert facts == {"scd-code": "K7M2AB", "scd-revision": "1", "scd-fingerprint": hostile["fingerprint"]}
    said = Reader(html).said
    assert "K7M2AB" in said
    assert "revision 1, saved" in said
    assert hostile["fingerprint"] in said
    for part in ("phase-level", "R-hat 1.0042", "divergences 0", "seed 1", "Versions"):
        assert part in said


def test_parallel_reports_do_not_mix(hostile):
    assert "QQQ222" not in hostile["K7M2AB clinician"] + hostile["K7M2AB client"]
    assert "K7M2AB" not in hostile["QQQ222 client"]
    assert hostile["fingerprint"] not in hostile["QQQ222 client"]
    assert hostile["strange"] in hostile["QQQ222 client"]


@pytest.mark.parametrize("audience", ["clinician", "client"])
def test_a_picture_has_a_description(hostile, audience):
    html = hostile[f"K7M2AB {audience}"]
    pictures = re.findall(r"<svg\b.*?</svg>", html, re.DOTALL)
    assert len(pictures) == (6 if audience == "clinician" else 1)  # the areas of life are the sixth
    for svg in pictures:
        assert 'role="img"' in svg
        assert len(re.search(r"<desc[^>]*>(.*?)</desc>", svg, re.DOTALL).group(1)) > 20
    assert Reader(html).tags.count("h1") == 1


def test_no_probability_stands_without_the_grade():
    page = page_of(example_job(), "clinician")
    result = page[page.index('class="result"') : page.index("The design:")]
    assert 0 < result.count("robability") <= result.count("(design: WWC 4.1 met")
    caption = re.search(r"<caption>(.*?)</caption>", page[page.index("How large") :], re.DOTALL).group(1)
    assert example_summary().grade in unescape(caption)


# --- the templates by themselves ------------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", ["clinician", "client"])
def test_a_template_by_itself_shows_an_example_and_says_so(audience):
    said = Reader(page_of(open_job(""), audience)).said
    assert "Example client, invented numbers" in said
    assert "invented for this example" in said


def test_the_example_is_never_handed_over_as_a_report(tmp_path):
    with pytest.raises(ReportError, match="needs a stored study"):
        write_job(example_job(), folder=tmp_path)


def test_a_job_that_is_gone_is_an_error_and_no_example(tmp_path):
    with pytest.raises(ReportError, match="its job can't be read"):
        open_job(str(tmp_path / "gone"))


def test_the_client_s_page_needs_no_more_than_eight_years_of_school():
    html = page_of(example_job(), "client")
    body = html[html.index("<h2") : html.index("<footer")]
    text = Reader(re.sub(r"</(?:p|li|h2)>", ". ", re.sub(r"<svg.*?</svg>", "", body, flags=re.DOTALL))).said
    assert flesch_kincaid(text) <= 8
    assert not re.search(r"\bp\s*[=<]|posterior|prior|credible|significan|standardi[sz]ed|p-value", text, re.IGNORECASE)
    assert re.search(r"Of 100 ways [^.]*, (?:more than )?\d+ say", text)


def flesch_kincaid(text: str) -> float:
    """Kincaid et al. (1975): 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    sentences = [s for s in re.split(r"[.!?:]+", text) if re.search(r"[a-z]", s)]
    words = re.findall(r"[A-Za-z']+", text)
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", w.lower())))) for w in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Debian's chromium to print the page")
def test_the_client_s_page_prints_on_one_sheet(tmp_path):
    page, sheet = tmp_path / "page.html", tmp_path / "page.pdf"
    study, summaries = several_outcomes()
    page.write_text(page_of(job_of(study, *summaries), "client"))
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-pdf-header-footer"]
    where = [f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={sheet}", page.as_uri()]
    subprocess.run(["chromium", *quiet, *where], check=True, capture_output=True, timeout=60)
    assert len(re.findall(rb"/Type\s*/Page[^s]", sheet.read_bytes())) == 1


# --- what may not become a page -------------------------------------------------------------------------------------


def test_a_page_that_names_another_client_is_not_made(workspace):
    stored(workspace, code="QQQ222")
    study, summary = stored(workspace)
    told = summary.replace(client_text=("As with QQQ222, it helped.",))
    with pytest.raises(ReportError, match=r"names another client \(QQQ222\); no page was made"):
        make_report(workspace, study.code, audience="client", summaries=[told])
    assert list(workspace.reports.iterdir()) == []
    assert job_folders(workspace) == ()


def test_a_failed_report_leaves_the_earlier_page_and_names_its_revision(workspace, monkeypatch, tmp_path):
    study, summary = stored(workspace)
    page = page_path(workspace, study.code, audience="client")
    page.write_text('<head><meta name="scd-revision" content="7"></head>old')
    broken = tmp_path / "templates"
    broken.mkdir()
    (broken / "report_client.ipynb").write_text(json.dumps(notebook("import sys", "sys.exit(0)", DONE)))
    monkeypatch.setattr(templates, "_folder", lambda: broken)
    with pytest.raises(ReportError, match="of revision 7, is still in"):
        make_report(workspace, study.code, audience="client", summaries=[summary])
    assert page.read_text().endswith("old")
    page.unlink()
    with pytest.raises(ReportError) as caught:
        make_report(workspace, study.code, audience="client", summaries=[summary])
    assert "still in" not in caught.value.message
    assert list(workspace.reports.iterdir()) == []
    assert job_folders(workspace) == ()


def test_a_run_without_this_job_s_seal_makes_no_page(workspace, monkeypatch, tmp_path):
    study, summary = stored(workspace)
    forged = tmp_path / "templates"
    forged.mkdir()
    (forged / "report_client.ipynb").write_text(json.dumps(notebook(DONE)))
    monkeypatch.setattr(templates, "_folder", lambda: forged)
    with pytest.raises(ReportError, match="without this job's seal"):
        make_report(workspace, study.code, audience="client", summaries=[summary])


def test_an_estimate_of_another_version_is_refused(workspace):
    study, summary = stored(workspace)
    with workspace.open() as caseload:
        caseload.save(study.replace(note="new"), revision=1)
    with pytest.raises(ReportError, match="the estimate is of another version of the record"):
        make_report(workspace, study.code, audience="client", summaries=[summary])


def test_a_study_without_data_is_refused_in_words(workspace):
    plain = example_study()
    bare = Case(code="K7M2AB", phases=tuple(Phase(label=p.label, planned_start=p.start) for p in plain.cases[0].phases))
    study, _ = stored(workspace, cases=(bare,))
    with pytest.raises(StudyError, match="nothing is recorded yet"):
        make_report(workspace, study.code, audience="client")
    assert [(o.ok, "nothing is recorded yet" in o.problem) for o in report_study(workspace, study.code)] == [
        (False, True)
    ] * 2


def test_an_unknown_audience_or_code_is_refused(workspace):
    with pytest.raises(StudyError, match="must be one of clinician, client"):
        make_report(workspace, "K7M2AB", audience="press")
    with pytest.raises(StudyError, match="has no study or case with code 'K7M2AB'"):
        make_report(workspace, "K7M2AB", audience="client")


def test_template_names_are_no_paths():
    with pytest.raises(StudyError, match="there is none of this name"):
        templates.template_path("../pyproject")


# --- pages without an effect ----------------------------------------------------------------------------------------


def only_baseline(code: str = "K7M2AB") -> Study:
    plain = example_study()
    phases = tuple(Phase(label=p.label, planned_start=p.start) for p in plain.cases[0].phases)
    case = Case(code=code, phases=phases).record(*plain.cases[0].sessions[:4])
    return plain.replace(code=code, cases=(case,))


def test_a_client_still_in_baseline_gets_a_page_and_one_failure_does_not_stop_the_rest(workspace):
    bare = example_study().replace(
        code="AAA222", cases=(Case(code="AAA222", phases=(Phase(label="A1", planned_start=1),)),)
    )
    with workspace.open() as caseload:
        caseload.add(bare)
        caseload.add(only_baseline())
    steps: list[tuple[str, float]] = []
    tell = lambda code, share: steps.append((code, share))  # noqa: E731
    failed, made = report_all(workspace, audiences=("clinician",), progress=tell)
    assert (failed.ok, failed.code) == (False, "AAA222")
    assert "nothing is recorded yet" in failed.problem
    said = Reader(made.path.read_text()).said
    assert "No effect can be estimated yet" in said
    assert "95 % interval" not in said
    assert steps[-1] == ("K7M2AB", 1.0)
    assert [share for _, share in steps] == sorted(share for _, share in steps)


def job_of(study: Study, *summaries: Summary) -> Job:
    return Job(study=study, summaries=summaries, code=study.code, fingerprint=study.fingerprint())


def test_the_client_is_told_that_it_is_too_early():
    study = only_baseline()
    html = page_of(job_of(study, pending_summary(study, reason="no value under intervention")), "client")
    assert "too early to say whether Worry changed" in Reader(html).said


@pytest.mark.parametrize("audience", ["clinician", "client"])
def test_a_withheld_effect_shows_no_number(audience):
    gone = example_summary().replace(
        withheld="the chains disagree", effects=(), levels=(), projection=(),
        text=("The result is withheld: the chains disagree.",), client_text=("This page shows none.",),
    )  # fmt: skip
    html = page_of(job_of(example_study(), gone), audience)
    said = Reader(html).said
    assert ("This page shows none." if audience == "client" else "withheld: the chains disagree.") in said
    for number in ("−2.97", "99.2", "−4.74", "projected from baseline"):
        assert number not in html


def test_a_number_left_out_counts_as_a_missed_session():
    # Tables of published series leave the row out; the chart draws a cross there, and the words must agree.
    case = example_study().cases[0]
    gap = case.replace(sessions=tuple(s for s in case.sessions if s.number != 3))
    assert gap.missed_sessions() == {3: "", 10: "ill"}
    study = example_study().replace(cases=(gap,))
    said = Reader(page_of(job_of(study, pending_summary(study, reason="x")), "clinician")).said
    assert "22 recorded, 2 missed, 24 planned" in said
    assert "Missed: session 3, 10 (ill)." in said


def test_the_record_tells_minutes_and_trials_beside_a_value():
    plain = example_study()
    first, *rest = plain.cases[0].sessions
    timed = first.replace(values=(Value(measure="worry", value=7, minutes=45, trials=1),))
    study = plain.with_case(plain.cases[0].replace(sessions=(timed, *rest)))
    page = page_of(job_of(study, example_summary()), "clinician")
    assert "7 (45 min, 1 trial)" in Reader(page).said


def test_a_share_changes_by_percentage_points_in_words_table_and_picture_alike():
    study, summary = example_study(), example_summary()
    share = study.measures[0].replace(scale="proportion", maximum=1, unit="points", meaningful_change=0.1)
    case = study.cases[0]
    sessions = tuple(
        s.replace(values=tuple(v.replace(value=None if v.value is None else v.value / 10) for v in s.values))
        for s in case.sessions
    )
    study = study.replace(measures=(share,), cases=(case.replace(sessions=sessions),))
    first = summary.effects[0].replace(median=-0.2917, lower=-0.4358, upper=-0.0966)
    page = page_of(job_of(study, summary.replace(effects=(first,), levels=(), projection=())), "clinician")
    table = Reader(page[page.index("<table") :]).said
    assert "Change in level (percentage points) all phases −29.2 −43.6 to −9.66" in table
    pictured = unescape(re.findall(r"<desc[^>]*>(.*?)</desc>", page, re.DOTALL)[1])
    assert "Change in level (percentage points), median and 95 % interval. EXAMPL overall: −29.2" in pictured
    assert "−0.29" not in page
    assert "Worry, 0 to 1, lower is better" in page_of(
        job_of(study.replace(measures=(share.replace(unit=""),)), summary), "client"
    )


# --- several outcomes -----------------------------------------------------------------------------------------------


def several_outcomes() -> tuple[Study, tuple[Summary, Summary, Summary]]:
    """The example with two more outcomes: sleep, whose estimate is withheld, and pain, which got worse."""
    plain = example_study()
    worry = plain.measures[0]
    sleep = Measure(key="sleep", label="Sleep", improvement="increase", minimum=0, maximum=12, unit="hours")
    pain = worry.replace(key="pain", label="Pain", meaningful_change=None)
    sessions = [
        s if s.missed else s.replace(values=(*s.values, *(Value(measure=k, value=6) for k in ("sleep", "pain"))))
        for s in plain.cases[0].sessions
    ]
    case = plain.cases[0].replace(sessions=tuple(sessions))
    study = plain.replace(measures=(worry, sleep, pain), cases=(case,))
    first = example_summary().replace(fingerprint=study.fingerprint())
    gone = first.replace(
        measure="sleep", withheld="the chains disagree", effects=(), levels=(), projection=(),
        text=("The result is withheld: the chains disagree.",), client_text=("So this page shows none.",),
    )  # fmt: skip
    effect = first.effects[0].replace(median=4.56, lower=3.21, upper=5.67, p_improvement=0.0123, p_meaningful=None)
    worse = first.replace(
        measure="pain", effects=(effect,), text=("Pain changed by 4.56 points.",),
        client_text=("Pain was about 4.6 points higher.", first.client_text[-1]),
    )  # fmt: skip
    return study, (first, gone, worse)


def test_the_clinician_sees_every_outcome_and_one_without_estimate_hides_no_other():
    study, summaries = several_outcomes()
    html = page_of(job_of(study, *summaries), "clinician")
    said = Reader(html).said
    glance = re.search(r"<caption>All outcomes.*?</table>", html, re.DOTALL).group(0)
    lines = [Reader(line).said for line in glance.split("<tr>")[2:]]
    assert [line.split()[0] for line in lines] == ["Worry", "Sleep", "Pain"]
    assert lines[0] == "Worry −2.97 points −4.74 to −0.86 99.2\xa0% 88\xa0% WWC 4.1 met".replace("\xa0", " ")
    assert "not shown: see below" in lines[1]
    assert "%" not in lines[1]
    assert "4.56 points 3.21 to 5.67 1 %" in lines[2]
    unsaid = summaries[0].replace(effects=tuple(e.replace(p_meaningful=None) for e in summaries[0].effects))
    assert "P(meaningful)" in glance
    assert "P(meaningful)" not in page_of(job_of(study, unsaid, *summaries[1:]), "clinician")
    assert said.index("Other outcomes") < said.index("withheld: the chains disagree") < said.index("Pain changed by")
    assert said.index("Pain changed by") < said.index("Plan and what happened")
    assert "Drawn without estimates" not in said, "each outcome has its graph beside its words"
    assert html.count("<svg") == 4, "a graph an outcome, and the headline's changes"
    assert "nothing here corrects for that" in said


def test_the_client_reads_about_every_outcome_in_plain_words():
    study, summaries = several_outcomes()
    said = Reader(page_of(job_of(study, *summaries), "client")).said
    words = said[said.index("What they mean") : said.index("What they can't tell")]
    assert words.index("Worry was about 3.0 points lower") < words.index("The numbers for Sleep could not be")
    assert "Pain was about 4.6 points higher." in words
    assert "this page shows none" not in words, "it shows the others"
    assert words.count("The way you were measured was strong") == 1
    assert said.count("seed 1") == 3, "the foot tells how each was made"


def test_one_outcome_alone_has_no_list_of_outcomes():
    html = page_of(example_job(), "clinician")
    assert "All outcomes" not in html
    assert "Other outcomes" not in html
    assert "corrects for" not in html


def test_too_few_values_of_an_outcome_are_no_verdict_in_the_list_either():
    study, (first, _, worse) = several_outcomes()
    case = study.cases[0]
    thin = [s.replace(values=s.values[:2]) if s.number in range(9, 13) else s for s in case.sessions]
    study = study.with_case(case.replace(sessions=tuple(thin)))
    html = page_of(job_of(study, first, worse), "clinician")
    glance = re.search(r"<caption>All outcomes.*?</table>", html, re.DOTALL).group(0)
    assert "no verdict" in glance
    assert "WWC 4.1 not met" in glance.split("Pain")[1], "graded by its own points"
    assert "WWC 4.1 met" in glance.split("Pain")[0]


def test_every_outcome_is_estimated_by_itself_and_says_why_where_it_can_not_be():
    study, _ = several_outcomes()
    case = study.cases[0]
    only_baseline = [s.replace(values=s.values[:2]) if s.number > 6 else s for s in case.sessions]
    scores = tuple(m.replace(scale="score") for m in study.measures)  # integrated, in no time
    study = study.replace(measures=scores, cases=(case.replace(sessions=tuple(only_baseline)),))
    worry, sleep, pain = summarize_outcomes(study)
    assert [s.measure for s in (worry, sleep, pain)] == ["worry", "sleep", "pain"]
    assert {s.fingerprint for s in (worry, sleep, pain)} == {study.fingerprint()}
    change = next(e for e in worry.effects if (e.effect, e.contrast) == ("level_change", "overall"))
    assert -5 < change.median < -1
    assert pain.withheld.endswith("there is none under intervention (B) yet")
    assert pain.effects == ()
    assert "does not meet" in pain.grade, "graded by its own points"
    assert "meets the WWC 4.1 standards without reservations" in worry.grade


def test_what_is_estimated_already_is_not_estimated_again():
    study, (first, gone, worse) = several_outcomes()
    shares: list[float] = []
    assert summarize_outcomes(study, held=(first, gone, worse), progress=shares.append) == (first, gone, worse)
    assert shares == []


def test_an_estimate_in_another_outcomes_place_is_refused():
    study, summaries = several_outcomes()
    for right in (summaries, summaries[:1], ()):
        check_outcomes(study, right)
    for wrong in (summaries[1:], summaries[::-1], (*summaries, summaries[0])):
        with pytest.raises(StudyError, match="stands in the place of another outcome"):
            check_outcomes(study, wrong)


def test_tiers_with_a_measure_each_are_one_estimate():
    study, _ = two_clients()
    calls = study.measures[0].replace(key="calls", label="Calls")
    second = study.cases[1].replace(
        measures=("calls",),
        sessions=tuple(
            s.replace(values=(Value(measure="calls", value=s.values[0].value),)) for s in study.cases[1].sessions
        ),
    )
    cases = (study.cases[0].replace(measures=("mood",)), second)
    tiers = study.replace(measures=(study.measures[0], calls), cases=cases, across="behaviours")
    assert other_outcomes(tiers) == ()


def test_an_outcome_that_only_some_cases_have_is_estimated_for_them():
    study, _ = two_clients()
    calls = study.measures[0].replace(key="calls", label="Calls")
    cases = (study.cases[0].replace(measures=("mood",)), study.cases[1])
    mixed = study.replace(measures=(study.measures[0], calls), cases=cases)
    assert other_outcomes(mixed) == (calls,)
    seen = study_of_outcome(mixed, measure=calls)
    assert [case.code for case in seen.cases] == ["BBB333"]
    assert seen.measures[0] == calls


# --- several clients ------------------------------------------------------------------------------------------------


def two_clients() -> tuple[Study, Summary]:
    codes = ("AAA222", "BBB333")
    mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    cases = []
    for n, code in enumerate(codes):
        values = [3] * (4 + n) + [6] * 5
        case = Case(code=code, phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=5 + n)))
        cases.append(
            case.record(*[Session(number=i, values=(Value(measure="mood", value=v),)) for i, v in enumerate(values, 1)])
        )
    study = Study(code="SSS555", design="multiple-baseline", across="clients", measures=(mood,), cases=tuple(cases))
    effect = example_summary().effects[0]
    rows = tuple(effect.replace(case=code, median=2.0 + n, p_meaningful=None) for n, code in enumerate((None, *codes)))
    told = tuple(f"{code} did well." for code in codes)
    summary = pending_summary(study, reason="x").replace(
        withheld="", effects=rows, model="multilevel", text=told, client_text=told, warnings=told
    )
    return study, summary


def test_one_client_s_share_names_no_other():
    study, summary = two_clients()
    rungs = {"alternatives": (), "prior_sensitivity": 0.1, "likelihood_sensitivity": 0.1, "words": "AAA222 as well."}
    told = {"figure": "zeros", "observed": 1, "lower": 0, "upper": 2, "p_above": 0.5, "ok": True}
    summary = summary.replace(
        robustness=tuple(Robustness(case=case.code, **rungs) for case in study.cases),
        checks=tuple(Check(case=case.code, **told) for case in study.cases),
    )
    part, own = share_of(study, summary, case=study.cases[1])
    document = part.to_json() + own.to_json()
    assert "BBB333" in document
    assert "AAA222" not in document
    assert [e.median for e in own.effects] == [4.0]


def test_clients_of_one_study_never_see_each_other(workspace):
    study, summary = two_clients()
    with workspace.open() as caseload:
        caseload.add(study)
    first = make_report(workspace, study.code, audience="client", summaries=[summary])
    assert first == page_path(workspace, "AAA222", audience="client")
    names = sorted(path.name for path in workspace.reports.iterdir())
    assert names == [f"{code}-client.html" for code in ("AAA222", "BBB333")]
    for path in workspace.reports.iterdir():
        assert set(re.findall(r"AAA222|BBB333", path.read_text())) == {path.name[:6]}
        assert page_facts(path.read_text())["scd-fingerprint"] == study.fingerprint()
    whole = make_report(workspace, "bbb333", audience="clinician", summaries=[summary])
    assert whole == page_path(workspace, "SSS555", audience="clinician")
    assert all(case.code in whole.read_text() for case in study.cases)

"""Every language says everything: catalogues against the source, pages in German, and who speaks what when."""

from __future__ import annotations

import ast
import datetime as dt
import json
import pickle
import re
import subprocess
import sys
import threading
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scd.language import (
    LANGUAGES,
    LanguageError,
    current_language,
    day,
    gettext,
    known_language,
    listed,
    localized,
    moment,
    ngettext,
    number,
    percent,
    pgettext,
    short_day,
    speaking,
    thousands,
    without_zero,
)
from scd.study import Case, Measure, Phase, Session, Study, Value
from tests.language import KEYWORDS, ROOT, catalogue, extracted, without_translation

OTHERS = [language for language in LANGUAGES if language != "en"]
LETTERS = re.compile(r"\{[^{}]*\}")


@pytest.fixture(autouse=True)
def _english_unless_said(monkeypatch):
    monkeypatch.delenv("SCD_LANGUAGE", raising=False)


@pytest.fixture(scope="module")
def source() -> dict:
    """Every text of the source, by context and text."""
    return {(message.context, message.id): message for message in extracted() if message.id}


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.AST]:
    """Every module's syntax tree, by its path."""
    modules = sorted((ROOT / "scd").rglob("*.py"))
    return {path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8")) for path in modules}


def _forms(said: str | tuple[str, ...]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)


# --- the catalogues ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_holds_every_text_of_the_source_and_no_other(language, source):
    held = {(message.context, message.id) for message in catalogue(language) if message.id}
    told = "; bring it up to date with: uv run python -m tests.language"
    assert not source.keys() - held, f"not in the catalogue{told}"
    assert not held - source.keys(), f"no longer in the source{told}"


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_words_that_are_no_guess(language):
    assert not without_translation(catalogue(language))


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_same_placeholders_spaces_and_lines(language):
    wrong = []
    for message in catalogue(language):
        if not message.id or not all(_forms(message.string)):
            continue  # what has no words yet is told above
        english, other = _forms(message.id), _forms(message.string)
        names = set(LETTERS.findall(" ".join(english)))
        # One of two plural forms may do without the number itself: “1 value” can be “a value”.
        kept = [set(LETTERS.findall(form)) for form in other]
        if set().union(*kept) != names or any(not form <= names for form in kept):
            wrong.append((english[0], "placeholders"))
        if any(form[:1].isspace() != english[0][:1].isspace() for form in other):
            wrong.append((english[0], "the space in front"))
        if any(form[-1:].isspace() != english[0][-1:].isspace() for form in other):
            wrong.append((english[0], "the space at its end"))
        if any(form.count("\n") != english[0].count("\n") for form in other):
            wrong.append((english[0], "lines"))
        if any(form.count("<") != english[0].count("<") for form in other):
            wrong.append((english[0], "markup"))
    assert not wrong


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_compiles_and_can_be_filled(language):
    with speaking(language):
        for message in catalogue(language):
            if not message.id:
                continue
            for form in (
                {gettext(_forms(message.id)[0]), *(ngettext(*message.id, n) for n in (1, 2))}
                if isinstance(message.id, tuple)
                else {gettext(message.id)}
            ):
                assert form.format(**{name.strip("{}").split("!")[0]: "x" for name in LETTERS.findall(form)})
        assert gettext("") == ""


def test_each_language_has_a_catalogue_as_text_and_none_besides():
    assert {path.parents[1].name for path in (ROOT / "scd" / "locales").rglob("*.po")} == set(OTHERS)
    tracked = subprocess.run(["git", "ls-files", "scd/locales"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ".mo" not in tracked.stdout


def _calls(tree: ast.AST, names: set[str]) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]


def test_the_extractor_sees_every_call_also_within_f_strings(source, trees):
    known = {form for _context, said in source for form in _forms(said)}
    unseen, unreadable = [], []
    for module, tree in trees.items():
        for call in _calls(tree, {*KEYWORDS} - {"pgettext"}):
            texts = call.args[: 2 if call.func.id == "ngettext" else 1]  # type: ignore[attr-defined]
            where = f"{module}:{call.lineno}"
            unreadable += [where for text in texts if isinstance(text, ast.JoinedStr | ast.BinOp)]
            unseen += [where for text in texts if isinstance(text, ast.Constant) and text.value not in {*known, ""}]
    assert not unreadable, "a text must be a literal, filled by .format afterwards"
    assert not unseen


def test_nobody_throws_away_into_the_name_that_translates(trees):
    """``for _ in …`` in a function that also says ``_("…")`` would call whatever was thrown away."""
    inner = (
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.Lambda,
        ast.ListComp,
        ast.SetComp,
        ast.DictComp,
        ast.GeneratorExp,
    )
    wrong = []
    for module, tree in trees.items():
        waiting: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
        used: dict[ast.AST, set[type]] = {}
        while waiting:  # each name with the innermost scope that it stands in
            node, scope = waiting.pop()
            if isinstance(node, ast.Name) and node.id == "_":
                used.setdefault(scope, set()).add(type(node.ctx))
            inside = node if isinstance(node, inner) else scope
            waiting += [(child, inside) for child in ast.iter_child_nodes(node)]
        wrong += [
            f"{module}:{getattr(scope, 'lineno', 0)}"
            for scope, how in used.items()
            if how > {ast.Store} and scope is not tree
        ]
    assert not wrong


# --- who speaks what when ------------------------------------------------------------------------------------------


def test_english_is_the_language_of_the_source(source):
    assert current_language() == "en"
    assert all(gettext(form) == form for _context, said in source for form in _forms(said))
    assert ngettext("{n} session", "{n} sessions", 1) == "{n} session"
    assert ngettext("{n} session", "{n} sessions", 0) == "{n} sessions"
    assert pgettext("of a change", "lower") == "lower"


def test_english_needs_no_babel():
    code = (
        "import sys, scd.language as l; l.gettext('a'); l.number(1.5); l.day(__import__('datetime').date(2026, 1, 1))"
    )
    script = f"{code}; print('babel' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


def test_german_by_the_plural_rule_of_its_catalogue():
    with speaking("de"):
        told = [ngettext("{n} session", "{n} sessions", n).format(n=n) for n in (0, 1, 2)]
    assert told == ["0 Sitzungen", "1 Sitzung", "2 Sitzungen"]


def test_what_no_catalogue_holds_is_said_in_english():
    with speaking("de"):
        assert gettext("Mrs K's own words") == "Mrs K's own words"


def test_speaking_ends_with_its_block_also_after_a_mistake():
    with speaking("de"):
        with speaking("en"):
            assert gettext("Session") == "Session"
        assert gettext("Session") == "Sitzung"
    with pytest.raises(ZeroDivisionError), speaking("de"):
        raise ZeroDivisionError
    assert current_language() == "en"


def test_each_thread_speaks_its_own_language():
    heard: dict[str, list[str]] = {}
    start = threading.Barrier(3)

    def talk(name: str, language: str | None) -> None:
        start.wait()
        for _turn in range(300):
            if language is None:
                heard.setdefault(name, []).append(gettext("Session"))
            else:
                with speaking(language):
                    heard.setdefault(name, []).append(gettext("Session"))

    threads = [
        threading.Thread(target=talk, args=told) for told in (("german", "de"), ("english", "en"), ("default", None))
    ]
    with speaking("de"):  # a thread begins with the default, whoever starts it
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {name: set(said) for name, said in heard.items()} == {
        "german": {"Sitzung"},
        "english": {"Session"},
        "default": {"Session"},
    }


def test_the_environment_names_the_default(monkeypatch):
    monkeypatch.setenv("SCD_LANGUAGE", "de")
    assert gettext("Session") == "Sitzung"
    with speaking("en"):
        assert gettext("Session") == "Session"
    monkeypatch.setenv("SCD_LANGUAGE", "")
    assert current_language() == "en"


def test_an_unknown_language_is_refused_with_the_list_of_those_that_are_there(monkeypatch):
    words = "language 'fr': is not there; take one of en (English), de (Deutsch)"
    with pytest.raises(LanguageError, match=re.escape(words)):
        known_language("fr")
    with pytest.raises(LanguageError, match=re.escape(words)), speaking("fr"):
        pass
    monkeypatch.setenv("SCD_LANGUAGE", "DE")
    with pytest.raises(LanguageError, match="environment variable SCD_LANGUAGE 'DE': is not there; take one of en"):
        gettext("Session")


def test_the_error_comes_whole_from_another_process():
    error = pickle.loads(pickle.dumps(LanguageError("fr", "environment variable SCD_LANGUAGE")))
    assert str(error) == error.message == str(LanguageError("fr", "environment variable SCD_LANGUAGE"))


@pytest.mark.parametrize("command", [["report", "K7M2QX"], ["demo", "somewhere"]])
def test_a_command_refuses_an_unknown_language_in_words(command, workspace, monkeypatch, tmp_path, capsys):
    from scd.cli import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCD_WORKSPACE", str(workspace.path))
    with pytest.raises(SystemExit) as ended:
        app([*command, "--language", "fr"])
    told = capsys.readouterr()
    assert ended.value.code == 2
    assert told.err.strip() == "language 'fr': is not there; take one of en (English), de (Deutsch)"
    assert not (tmp_path / "somewhere").exists()


# --- numbers and dates ---------------------------------------------------------------------------------------------


def test_numbers_and_dates_as_each_language_writes_them():
    date, at = dt.date(2026, 11, 3), dt.datetime(2026, 11, 3, 9, 5)

    def written() -> list[str]:
        return [
            number(-1234.5, digits=1), number(0.25), number(-0.001, digits=2), thousands(12870), percent(0.5),
            percent(0.123, digits=1), localized("1.5e-05"), without_zero("0.024"), day(date), short_day(date),
            moment(at), listed(["A", "B", "C"]),
        ]  # fmt: skip

    assert written() == [
        "−1234.5", "0.25", "0.00", "12,870", "50\xa0%", "12.3\xa0%", "1.5e-05", ".024", "3 November 2026",
        "2026-11-03", "3 November 2026, 09:05", "A, B and C",
    ]  # fmt: skip
    with speaking("de"):
        assert written() == [
            "−1234,5", "0,25", "0,00", "12.870", "50\xa0%", "12,3\xa0%", "1,5e-05", "0,024", "03.11.2026",
            "03.11.2026", "03.11.2026, 09:05", "A, B und C",
        ]  # fmt: skip


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_a_german_number_is_the_english_one_with_a_comma(x, digits):
    english = number(x, digits=digits)
    with speaking("de"):
        german = number(x, digits=digits)
    assert german == english.replace(".", ",")
    assert float(english.replace("−", "-")) == pytest.approx(x, abs=0.500001 * 10**-digits)


def test_months_do_not_depend_on_the_machine():
    with speaking("de"):
        assert day(dt.date(2026, 3, 1)) == "01.03.2026"
    assert [day(dt.date(2026, month, 1)).split()[1] for month in (1, 3, 12)] == ["January", "March", "December"]


# --- pages ---------------------------------------------------------------------------------------------------------

VALUES = (7, 8, 6, 7, 8, 5, 4, 4, 3, 4, 6, 7, 7, 6, 8, 3, 4, 3, 2, 3)


def german_study(code: str = "K7M2QX") -> Study:
    """A client of a German clinic: what people typed is German, too."""
    worry = Measure(
        key="sorgen", label="Sorgen", improvement="decrease", scale="rating", minimum=0, maximum=10, meaningful_change=2
    )
    sleep = Measure(key="schlaf", label="Schlaf", improvement="increase", unit="Stunden", minimum=0, maximum=12)
    starts = (("A1", 1, ""), ("B1", 6, ""), ("A2", 11, "Urlaub"), ("B2", 16, ""))
    case = Case(code=code, phases=tuple(Phase(label=label, planned_start=n) for label, n, _why in starts))
    sessions = [
        Session(
            number=n,
            date=dt.date(2026, 11, 1) + dt.timedelta(days=n),
            values=(
                Value(measure="sorgen", value=None if n == 9 else value),
                Value(measure="schlaf", value=None if n == 9 else 9.5 - value / 2),
            ),
            note="krank" if n == 9 else "",
        )
        for n, value in enumerate(VALUES, start=1)
    ]
    return Study(
        code=code, design="reversal", measures=(worry, sleep), cases=(case.record(*sessions),), sessions_planned=20
    )


@pytest.fixture(scope="module")
def german_pages(tmp_path_factory) -> dict[str, str]:
    from scd.records import init_workspace
    from scd.reports.report import report_study

    workspace = init_workspace(tmp_path_factory.mktemp("klinik") / "w")
    with workspace.open() as caseload:
        caseload.add(german_study())
    with speaking("de"):
        outcomes = report_study(workspace, "K7M2QX")
    assert not [outcome.problem for outcome in outcomes if not outcome.ok]
    return {outcome.audience: outcome.path.read_text(encoding="utf-8") for outcome in outcomes}


def seen(html: str) -> str:
    """What a person reads on a page, the words in its pictures too."""
    bare = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def english_left(text: str, language: str = "de") -> list[str]:
    """The English texts of the catalogue, longer than 12 signs, that stand in a text."""
    left = []
    for message in catalogue(language):
        others = " ".join(" ".join(_forms(message.string)).split()) if message.id else ""
        for form in _forms(message.id) if message.id else ():
            parts = [" ".join(part.split()) for part in LETTERS.split(form)]
            told = [part for part in parts if len(part) > 12]
            # Names, formulas and what is the same word in both languages are no English.
            if told and all(part in text for part in told) and not all(part in others for part in told):
                left.append(form)
    return left


def test_the_search_for_english_finds_english():
    assert "What your numbers say" in english_left("K7M2QX What your numbers say Measure")
    assert "Case {code}: all values are {values}; a series that never changes tells little." in english_left(
        "Case K7: all values are 3; a series that never changes tells little."
    )


@pytest.mark.parametrize("audience", ["clinician", "client"])
def test_a_german_report_has_no_english_and_german_numbers(german_pages, audience):
    html = german_pages[audience]
    text = seen(html)
    assert '<html lang="de">' in html
    assert english_left(text) == []
    assert re.search(r"\d,\d", text)
    assert "03.11.2026" in text or "02.11.2026" in text
    # Priors are formulas, versions and standards are names, thousands have a point; all other numbers have a comma.
    told = re.sub(r"(?:Normal|HalfNormal|Beta|Uniform|LKJ)\([^()]*\)(?: on \([^()]*\))?", " ", text)
    told = re.sub(r"Innovationen mindestens \S+|Versionen .*?(?=Fingerabdruck)", " ", told)
    told = re.sub(r"\d\d\.\d\d\.\d{4}|\bWWC \d\.\d|\b\d+[ab]\.\d|\b\d{1,3}(?:\.\d{3})+\b", " ", told)
    assert not re.findall(r"(?<![\d.])\d+\.\d+", told)


def test_the_german_clinicians_page_says_it_as_a_clinician_would(german_pages):
    text = seen(german_pages["clinician"])
    assert "Bericht für die Fachperson" in text
    assert "Ausgangsphase" in text
    assert "Wahrscheinlichkeit einer Besserung" in text
    assert "Umkehrdesign (A1, B1, A2, B2)" in text
    assert "19 aufgezeichnet, 1 versäumt, 20 geplant" in text


def test_the_german_clients_page_speaks_to_the_client(german_pages):
    text = seen(german_pages["client"])
    assert "Was Ihre Zahlen sagen" in text
    assert re.search(r"(?:Niedriger|Höher) ist für Sie besser\.", text)
    assert re.search(r"Von 100 Arten, .* sagen (?:mehr als )?\d+, dass", text)
    assert "Punkte niedriger als davor" in text


def test_the_pictures_of_a_german_page_write_their_axes_in_german(german_pages):
    assert ">Sitzung<" in german_pages["client"]
    assert ">Intervention<" in german_pages["client"]


def test_a_chart_carries_the_numbers_of_its_language():
    from scd.charts import study_chart

    study = german_study()

    def config() -> dict:
        frame, phases = study.frame(), study.phase_frame()
        return study_chart(frame, measure=study.measures[1], phases=phases, case="K7M2QX").to_dict()["config"]

    assert "locale" not in config()
    with speaking("de"):
        assert config()["locale"]["number"]["decimal"] == ","


def _shown(widget) -> list[str]:
    """Every word that a widget and the widgets in it show."""
    found = [str(getattr(widget, name, "") or "") for name in ("description", "placeholder")]
    if isinstance(getattr(widget, "value", None), str):
        found.append(widget.value)
    options = getattr(widget, "_options_labels", ())
    found += [str(option) for option in options]
    found += [str(title) for title in getattr(widget, "titles", ())]
    for child in getattr(widget, "children", ()):
        found += _shown(child)
    return found


@pytest.mark.parametrize("kind", ["abab", "multiple-baseline"])
def test_a_german_form_has_no_english(kind):
    from scd.forms.page import open_page

    with speaking("de"):
        page = open_page(kind=kind)
        words = [word for part in (page, page.client, page.plan, page.sessions, page.effect) for word in _shown(part)]
    text = seen(" ".join(words))
    assert "Studie speichern" in text
    assert english_left(text) == []


def test_the_same_form_in_english_is_as_it_was():
    from scd.forms.page import open_page

    page = open_page(kind="abab")
    text = seen(" ".join(word for part in (page, page.client, page.plan) for word in _shown(part)))
    assert "Save study" in text
    assert "Lower is better" in text


def test_a_unit_is_kept_in_english_and_shown_in_german():
    from scd.forms.alert import Alert
    from scd.forms.measures_form import MeasuresForm

    with speaking("de"):
        form = MeasuresForm(Alert())
        form.rows[0].fields["label"].value = "Sorgen"
        form.rows[0].fields["improvement"].value = "decrease"
        assert form.rows[0].fields["unit"].value == "Punkte"
        assert form.measures[0].unit == "points"
        assert form.measures[0].unit_words == "Punkte"


def test_a_german_weekly_page_has_no_english():
    import ipywidgets

    from scd.forms.between_sessions.opening import open_weekly_page

    with speaking("de"):
        page = open_weekly_page()
        parts = [page, *(part for part in vars(page).values() if isinstance(part, ipywidgets.Widget))]
        text = seen(" ".join(dict.fromkeys(word for part in parts for word in _shown(part))))
    assert "Gemeinsam ansehen" in text
    assert english_left(text) == []


def test_a_german_diary_has_no_english():
    from scd.design.diary import Diary, DiaryDay
    from scd.reports.diary import diary_sheet

    days = tuple(DiaryDay(n, dt.date(2026, 11, 22 + n)) for n in range(1, 8))
    walks = Measure(
        key="gehen", label="Spazieren", improvement="increase", role="practice", scale="duration", unit="minutes"
    )
    with speaking("de"):
        sheet = diary_sheet(Diary("K7M2QX", days, (*german_study().measures, walks)))
    text = seen(sheet)
    assert '<html lang="de">' in sheet
    assert all(day_name in text for day_name in ("Montag", "23.11.2026", "Minuten"))
    assert english_left(text) == []


def test_a_new_page_is_written_in_the_language_that_is_spoken(workspace):
    from scd.forms.pages import new_page

    with speaking("de"):
        page = json.loads(new_page(workspace, "abab").read_text(encoding="utf-8"))
    words = " ".join("".join(cell["source"]) for cell in page["cells"] if cell["cell_type"] == "markdown")
    assert "Hilft es dieser Person?" in words
    assert english_left(" ".join(words.split())) == []
    template = json.loads((ROOT / "templates" / "abab.ipynb").read_text(encoding="utf-8"))
    code = [cell["source"] for cell in page["cells"][2:] if cell["cell_type"] == "code"]
    assert code == [cell["source"] for cell in template["cells"][2:] if cell["cell_type"] == "code"]


def test_the_demos_clients_are_the_same_people_in_every_language():
    from scd.design.synthetic import synthetic_studies

    english = synthetic_studies()
    with speaking("de"):
        german = synthetic_studies()
    assert [one.study.code for one in english] == [one.study.code for one in german]
    for one, other in zip(english, german, strict=True):
        values = [[v.value for s in case.sessions for v in s.values] for case in one.study.cases]
        assert values == [[v.value for s in case.sessions for v in s.values] for case in other.study.cases]
        assert one.story != other.story


def test_the_demos_front_page_in_german():
    from scd.design.synthetic import synthetic_studies
    from scd.reports.demo_index import DemoRow, index_page

    with speaking("de"):
        page = index_page([DemoRow(label=s.label, story=s.story, study=s.study) for s in synthetic_studies()])
    assert '<html lang="de">' in page
    assert english_left(seen(page)) == []


def test_the_masked_page_in_german():
    from scd.analysis.visual.masked_records import HowDrawn, MaskedAnalysis, MaskedGraph
    from scd.reports.masked_page import masked_page

    graph = MaskedGraph(name="graph 1", measure="Sorgen", improvement="decrease", values=(4, 5, None, 7))
    drawn = HowDrawn(name="phase-starts", begins="A", phases=3, arrangements=3)
    now = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    with speaking("de"):
        page = masked_page(MaskedAnalysis(graphs=(graph,), drawn=drawn, sealed_at=now, seal="0" * 64))
    assert "So antworten Sie" in page
    assert english_left(seen(page)) == []

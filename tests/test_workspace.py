"""The workspace: one private folder, found where it is named, and only there."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from scd.records import Workspace, find_workspace, init_workspace
from scd.study import Case, Measure, Phase, Study, StudyError


def a_study() -> Study:
    mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    case = Case(code="K7M2AB", phases=(Phase(label="A1", planned_start=1),))
    return Study(code="K7M2AB", design="reversal", measures=(mood,), cases=(case,))


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.delenv("SCD_WORKSPACE", raising=False)


def test_a_workspace_holds_store_pages_and_reports_and_is_private(workspace: Workspace) -> None:
    modes = {
        path.relative_to(workspace.path).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in [workspace.path, *workspace.path.rglob("*")]
    }
    assert modes == {".": 0o700, "pages": 0o700, "reports": 0o700, "caseload.sqlite": 0o600, "scd.toml": 0o600}
    assert (workspace.store.name, workspace.pages.name, workspace.reports.name) == (
        "caseload.sqlite",
        "pages",
        "reports",
    )


@pytest.mark.parametrize("name", ["clinic", "with space", "br{ace}s {0}", "Zoë – Praxis", "a'b\"c", "100%?#"])
def test_any_name_of_a_folder_works(tmp_path: Path, name: str) -> None:
    with init_workspace(tmp_path / "new" / name).open() as caseload:
        caseload.add(a_study())
    with find_workspace(tmp_path / "new" / name).open(who="anna") as caseload:
        assert [s.study.code for s in caseload.list()] == ["K7M2AB"]
        assert caseload.who == "anna"


def test_an_empty_folder_becomes_a_workspace_and_loses_its_open_mode(tmp_path: Path) -> None:
    (tmp_path / "clinic").mkdir(mode=0o755)
    assert stat.S_IMODE(init_workspace(tmp_path / "clinic").path.stat().st_mode) == 0o700


def test_init_again_keeps_everything(workspace: Workspace) -> None:
    with workspace.open() as caseload:
        caseload.add(a_study())
    workspace.reports.rmdir()
    workspace.settings.write_text("# mine\n")
    assert init_workspace(workspace.path) == workspace
    assert workspace.reports.is_dir()
    assert workspace.settings.read_text() == "# mine\n"
    with workspace.open() as caseload:
        assert len(caseload.list()) == 1


def test_a_folder_with_other_things_is_refused_and_untouched(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir(mode=0o755)
    (folder / "letter.txt").write_text("Dear colleague")
    with pytest.raises(StudyError, match="documents': holds other things; name a new or an empty folder"):
        init_workspace(folder)
    assert [p.name for p in folder.iterdir()] == ["letter.txt"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    with pytest.raises(StudyError, match=r"letter\.txt': is a file; name a folder"):
        init_workspace(folder / "letter.txt")
    with pytest.raises(StudyError, match="can't be made a workspace"):
        init_workspace(folder / "letter.txt" / "clinic")


def test_the_named_folder_counts_before_the_variable_and_that_before_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, variable, current = (init_workspace(tmp_path / name) for name in ("named", "variable", "current"))
    monkeypatch.chdir(current.path)
    assert find_workspace() == current
    monkeypatch.setenv("SCD_WORKSPACE", str(variable.path))
    assert find_workspace() == variable
    assert find_workspace(named.path) == named
    assert find_workspace(str(named.path)) == named
    monkeypatch.setenv("SCD_WORKSPACE", "")
    assert find_workspace() == current


def test_a_notebook_in_pages_finds_its_workspace_but_no_folder_further_up(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (workspace.pages, workspace.reports):
        monkeypatch.chdir(folder)
        assert find_workspace() == workspace
    deeper = workspace.pages / "deeper"
    deeper.mkdir()
    monkeypatch.chdir(deeper)
    with pytest.raises(StudyError, match="is not a workspace of scd"):
        find_workspace()


def test_a_relative_path_stays_right_when_the_current_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = init_workspace("clinic")
    found = find_workspace("clinic")
    monkeypatch.chdir(tmp_path)
    assert made == found
    with found.open() as caseload:
        assert caseload.list() == ()


def test_no_workspace_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudyError, match=r"--workspace or SCD_WORKSPACE, or make one with: scd init FOLDER"):
        find_workspace()
    with pytest.raises(StudyError, match=r"elsewhere': is not a workspace of scd; make one with: scd init '/"):
        find_workspace(tmp_path / "elsewhere")
    monkeypatch.setenv("SCD_WORKSPACE", str(tmp_path / "gone"))
    with pytest.raises(StudyError, match=r"gone' \(SCD_WORKSPACE names it\): is not a workspace"):
        find_workspace()


def test_a_lost_store_is_not_replaced_by_an_empty_one(workspace: Workspace) -> None:
    workspace.store.unlink()
    with pytest.raises(StudyError, match=r"its store caseload.sqlite is missing; restore it from a backup"):
        workspace.open()
    assert not workspace.store.exists()


def test_the_settings_name_a_postgresql_database(workspace: Workspace, store_url: str) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("the other database is tested above")
    workspace.settings.write_text(f'store = "{store_url}"\n')
    workspace.store.unlink()
    with workspace.open() as caseload:
        caseload.add(a_study())
    with init_workspace(workspace.path).open() as caseload:
        assert len(caseload.list()) == 1
    assert not workspace.store.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('stor = "postgresql://h/d"', "has an unknown key 'stor'; did you mean 'store'?"),
        ('colour = "red"', "has an unknown key 'colour'; known are: store"),
        ("store = 5", "key 'store' must be a URL in quotes"),
        ('store = ""', "key 'store' must be a URL in quotes"),
        ('store = "mysql://anna:geheim@h/d"', "key 'store' must be a URL in quotes"),
        ("store = postgresql://anna:geheim@h/d", "is not valid TOML: .*line 1"),
        ('store = "postgresql://anna:ge@heim@h:x/d"', "store: its URL can't be read"),
    ],
)
def test_wrong_settings_are_refused_without_showing_a_password(workspace: Workspace, text: str, words: str) -> None:
    workspace.settings.write_text(text)
    with pytest.raises(StudyError, match=words.replace("?", r"\?")) as e:
        workspace.open()
    assert "heim" not in str(e.value).replace(str(workspace.path), "")


def test_settings_in_another_encoding_are_refused(workspace: Workspace) -> None:
    workspace.settings.write_bytes("# Zoë".encode("latin-1"))
    with pytest.raises(StudyError, match=r"scd.toml': is not UTF-8 text; save it as that"):
        workspace.open()

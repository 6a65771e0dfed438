"""A study: one design run with one or more cases on one or more measures."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from scd.study.case import Case, Code
from scd.study.decision import Decision
from scd.study.errors import StudyError
from scd.study.measure import Measure
from scd.study.monitoring import Monitoring
from scd.study.randomization import Randomization
from scd.study.record import Record, Text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FORMAT_VERSION", "Study", "new_code"]

FORMAT_VERSION = 1
_FORMAT = "scd-study"

# No 0/O, 1/I/L: a code is read aloud and typed.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"
_SIGNS = _LETTERS + "23456789"


def new_code(taken: frozenset[str] | set[str] = frozenset()) -> str:
    """A random pseudonym of six signs that begins with a letter; it says nothing about the client.

    Parameters
    ----------
    taken : set of str
        Codes that must not come out again.

    Examples
    --------
    >>> len(new_code())
    6
    """
    while True:
        code = secrets.choice(_LETTERS) + "".join(secrets.choice(_SIGNS) for _ in range(5))
        if code not in taken:
            return code


class Study(Record):
    """One design run with one or more cases on one or more measures.

    Parameters
    ----------
    code : str
        Pseudonym of the study.
    design : {"reversal", "multiple-baseline"}
        The kind of design.
    measures : tuple of Measure
        The first outcome is the headline.
    cases : tuple of Case
        One or more; in a multiple baseline in the order of the staircase.
    across : {"clients", "behaviours", "settings"}, optional
        For a multiple baseline: what the tiers are.
    sessions_planned : int, optional
        Planned length, in sessions.
    randomization : Randomization, optional
        The draw, when the starts were drawn at random.
    monitoring : Monitoring, optional
        The rule for looking at the data while the study runs, fixed before its first session.
    decisions : tuple of Decision
        What was suggested and decided at each look, in order; a decision is added, never changed.

    Raises
    ------
    StudyError
        When a key or code is doubled, a case names an unknown measure, or a value lies outside its measure's range.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Study, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=3)))
    >>> case = case.record(Session(number=1, values=(Value(measure="mood", value=4),)))
    >>> study = Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,))
    >>> study.frame()[["case", "session", "phase", "value"]].to_dict("records")
    [{'case': 'K7M2', 'session': 1, 'phase': 'A1', 'value': 4.0}]
    """

    code: Code
    design: Literal["reversal", "multiple-baseline"]
    measures: Annotated[tuple[Measure, ...], Field(min_length=1)]
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]
    across: Literal["clients", "behaviours", "settings"] | None = None
    sessions_planned: Annotated[int, Field(ge=2, le=100_000)] | None = None
    randomization: Randomization | None = None
    monitoring: Monitoring | None = None
    decisions: tuple[Decision, ...] = ()
    note: Text = ""

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        where = f"study '{self.code}'"
        keys = [m.key for m in self.measures]
        for key in keys:
            if keys.count(key) > 1:
                raise StudyError(f"{where}: has measure '{key}' twice; give each its own key", field="measures")
        codes = [c.code for c in self.cases]
        for code in codes:
            if codes.count(code) > 1:
                raise StudyError(f"{where}: has case '{code}' twice; give each its own code", field="cases")
        if self.design == "multiple-baseline" and self.across is None:
            raise StudyError(
                f"{where}: a multiple baseline runs across clients, behaviours or settings; say which", field="across"
            )
        for case in self.cases:
            self._check_case(case, keys)
        if self.randomization is not None and len(self.randomization.starts) != len(self.cases):
            raise StudyError(
                f"{where}: the stored draw is for {len(self.randomization.starts)} cases, the study has "
                f"{len(self.cases)}",
                field="randomization",
            )
        return self

    @model_validator(mode="after")
    def _is_watched_by_its_own_rule(self) -> Self:
        if self.monitoring is not None and self.measure(self.monitoring.measure).role != "outcome":
            raise StudyError(
                f"study '{self.code}': monitors '{self.monitoring.measure}', which is not an outcome; choose one of "
                f"{', '.join(m.key for m in self.outcomes)}",
                field="monitoring",
            )
        for decision in self.decisions:
            self.case(decision.case)
        return self

    def _check_case(self, case: Case, keys: list[str]) -> None:
        for key in case.measures:
            if key not in keys:
                raise StudyError(
                    f"case '{case.code}': names measure '{key}', which the study lacks (it has {', '.join(keys)})",
                    field="measures",
                )
        for session in case.sessions:
            for entry in session.values:
                where = f"case '{case.code}', session {session.number}"
                if entry.measure not in (case.measures or keys):
                    raise StudyError(
                        f"{where}: has a value for '{entry.measure}', which is not one of its measures "
                        f"({', '.join(case.measures or keys)})",
                        field="values",
                    )
                measure = self.measure(entry.measure)
                if measure.role != "practice" and (entry.planned is not None or entry.obstacle):
                    raise StudyError(
                        f"{where}: '{measure.label}' says what was planned or got in the way, and is not practice; "
                        "give the measure the role 'practice', or leave it out",
                        field="values",
                    )
                # Of a percentage the trials only tell the weight.
                most = entry.trials if measure.scale in ("count", "proportion") else None
                for value, whose in ((entry.value, ""), (entry.second, " of the second observer")):
                    if value is not None and not measure.holds(value):
                        raise StudyError(
                            f"{where}: '{measure.label}'{whose} must be {measure.range_words} (got {value:g})",
                            field="values",
                        )
                    if most is not None and (value or 0) > most:
                        raise StudyError(
                            f"{where}: '{measure.label}'{whose} can't be above its trials (got {value:g} of {most})",
                            field="values",
                        )

    def measure(self, key: str) -> Measure:
        """The measure with this key.

        Raises
        ------
        StudyError
            When there is none; the message lists the keys there are.
        """
        for measure in self.measures:
            if measure.key == key:
                return measure
        known = ", ".join(m.key for m in self.measures)
        raise StudyError(f"study '{self.code}': has no measure '{key}' (it has {known})", field="measures")

    def case(self, code: str) -> Case:
        """The case with this code.

        Raises
        ------
        StudyError
            When there is none; the message lists the codes there are.
        """
        for case in self.cases:
            if case.code == code:
                return case
        known = ", ".join(f"'{c.code}'" for c in self.cases)
        raise StudyError(f"study '{self.code}': has no case '{code}' (it has {known})", field="cases")

    @property
    def outcomes(self) -> tuple[Measure, ...]:
        """The measures whose role is outcome; the first one is the headline."""
        return tuple(m for m in self.measures if m.role == "outcome")

    def measures_of(self, case: Case) -> tuple[Measure, ...]:
        """The measures of one case: its own, or all of the study's."""
        return tuple(m for m in self.measures if not case.measures or m.key in case.measures)

    def with_case(self, case: Case) -> Study:
        """Return the study with the case of the same code replaced."""
        self.case(case.code)
        return self.replace(cases=tuple(case if c.code == case.code else c for c in self.cases))

    def frame(self) -> pd.DataFrame:
        """The tidy table: one row a value, missed ones included.

        Returns
        -------
        pandas.DataFrame
            Columns ``case, session, date, phase, condition, measure, value, trials, minutes``. `value` is NaN where
            it was missed; a session with nothing recorded has a row for each measure of its case. The phase is
            derived from the recorded starts.
        """
        import pandas as pd

        rows = []
        for case in self.cases:
            for session in case.sessions:
                phase = case.phase_at(session.number)
                held = {v.measure: v for v in session.values}
                for measure in self.measures_of(case):
                    if not session.due(measure.key):
                        continue
                    entry = held.get(measure.key)
                    rows.append(
                        (
                            case.code,
                            session.number,
                            session.date,
                            phase.label,
                            phase.condition,
                            measure.key,
                            None if entry is None else entry.value,
                            None if entry is None else entry.trials,
                            None if entry is None else entry.minutes,
                        )
                    )
        columns = ["case", "session", "date", "phase", "condition", "measure", "value", "trials", "minutes"]
        table = pd.DataFrame(rows, columns=columns)
        kinds = {"session": "int64", "value": "float64", "trials": "float64", "minutes": "float64"}
        return table.astype(kinds).assign(date=pd.to_datetime(table["date"]))

    def phase_frame(self) -> pd.DataFrame:
        """The phases of every case with the sessions they span.

        Returns
        -------
        pandas.DataFrame
            Columns ``case, phase, condition, start, end``; `end` is the session before the next phase, and for the
            last phase the last planned or recorded session.
        """
        import pandas as pd

        rows = []
        for case in self.cases:
            recorded = case.sessions[-1].number if case.sessions else 0
            last = max(self.sessions_planned or 0, recorded, case.phases[-1].start)
            ends = [p.start - 1 for p in case.phases[1:]] + [last]
            rows += [(case.code, p.label, p.condition, p.start, e) for p, e in zip(case.phases, ends, strict=True)]
        return pd.DataFrame(rows, columns=["case", "phase", "condition", "start", "end"])

    def to_json(self) -> str:
        """The study as a versioned JSON document, the same text for the same study."""
        body = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps({"format": _FORMAT, "version": FORMAT_VERSION} | body, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str, *, source: str = "study document") -> Study:
        """Read a versioned JSON document.

        Parameters
        ----------
        text : str
            The document.
        source : str
            The file's name, for the message.

        Raises
        ------
        StudyError
            When it is not such a document, or its version or a key is unknown.
        """
        try:
            body = json.loads(text)
        except json.JSONDecodeError as error:
            raise StudyError(
                f"{source}: is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
            ) from None
        if not isinstance(body, dict) or body.get("format") != _FORMAT:
            raise StudyError(f"{source}: is not a study document (key 'format' must be {_FORMAT!r})", field="format")
        if body.get("version") != FORMAT_VERSION:
            raise StudyError(
                f"{source}: key 'version' must be {FORMAT_VERSION} (got {body.get('version')!r}); "
                "a newer scd wrote it: update scd",
                field="version",
            )
        try:
            return cls(**{k: v for k, v in body.items() if k not in ("format", "version")})
        except StudyError as error:
            raise StudyError(f"{source}: {error.message}", field=error.field, problems=error.problems) from None

    def fingerprint(self) -> str:
        """SHA-256 of the study's document: the same content, the same fingerprint."""
        canonical = json.dumps(json.loads(self.to_json()), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

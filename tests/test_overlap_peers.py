"""Every index of SingleCaseES on real data, to 1e-8, or one line that says why not, and a rule that shows it."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from peers import needs_peers, number, records, same, table

from scd.analysis.overlap.baseline_trend import baseline_trend
from scd.analysis.overlap.contrasts import contrasts, quantile_of
from scd.analysis.overlap.gradual_effects import gradual_effect
from scd.analysis.overlap.mean_differences import means_and_variances, pogo, smd
from scd.analysis.overlap.medians import lrm
from scd.analysis.overlap.nonoverlap import ird, nap, pand, pem, pnd
from scd.analysis.overlap.ratios import lor, lrrd, lrri
from scd.analysis.overlap.tau import tau, tau_bc
from scd.analysis.overlap.tau_u import tau_u

pytestmark = needs_peers

FUNCTIONS = (
    "NAP", "Tau", "Tau_U", "Tau_BC", "PND", "PEM", "PAND", "IRD", "SMD", "LRRi", "LRRd", "LOR", "LRM", "PoGO",
)  # fmt: skip


def values_of(record):
    """Baseline and intervention values of a record; `A-B pooled` is all baseline against all intervention values."""
    args = record["args"]
    if "A_data" in args:
        return args["A_data"], args["B_data"]
    rows = [r for r in table(record["dataset"]) if r["case"] == record["case"]]
    if record.get("series"):
        rows = [r for r in rows if r["series"] == record["series"]]
    first, second = ("A", "B") if args["selection"] == "A-B pooled" else args["selection"].split("-")
    return tuple([number(r["outcome"]) for r in rows if r["phase"].startswith(label)] for label in (first, second))


def ours(record, subject):
    args, name = record["args"], record["function"]
    se, ci_prob = args.get("SE", "unbiased").lower(), args.get("confidence", 0.95)
    scale = "duration" if args.get("scale") == "other" else args.get("scale")  # a true zero and no known resolution
    corrected, floored = args.get("bias_correct", True), args.get("D_const") != 0
    if name == "NAP":
        return nap(subject, se=se, ci_prob=ci_prob)
    if name == "Tau":
        return tau(subject, se=se, ci_prob=ci_prob)
    if name == "Tau_BC":
        return tau_bc(subject, kendall=args.get("Kendall", False), pretest=args.get("pretest_trend"), se=se)
    if name == "SMD":
        return smd(
            subject, standardizer="pooled" if args["std_dev"] == "pool" else "baseline", bias_corrected=corrected
        )
    if name == "PoGO":
        return pogo(subject, goal=args["goal"])
    if name == "LRM":
        return lrm(subject, delta_method=args["delta_method"])
    if name == "LOR":
        return lor(subject, scale=scale, trials=args.get("intervals"), bias_corrected=corrected, floored=floored)
    if name in ("LRRi", "LRRd"):
        function = lrri if name == "LRRi" else lrrd
        return function(
            subject, scale=scale, trials=args.get("intervals"), minutes=args.get("observation_length"),
            bias_corrected=corrected, floored=floored,
        )  # fmt: skip
    return {"Tau_U": tau_u, "PND": pnd, "PEM": pem, "PAND": pand, "IRD": ird}[name](subject)


def score_ends(share, m, n, z):
    """Newcombe's interval by another road: the roots of his equation as a polynomial, without those at 0 and 1."""
    x = np.polynomial.Polynomial([0, 1])
    h = (m + n) / 2 - 1
    left = m * n * (share - x) ** 2 * (2 - x) * (1 + x)
    right = z**2 * x * (1 - x) * (2 + h + (1 + 2 * h) * x * (1 - x))
    real = sorted(r.real for r in (left - right).roots() if abs(r.imag) < 1e-6 and -1e-9 <= r.real <= 1 + 1e-9)
    return real[0], real[-1]


def exact_tau_bc(record, *, corrected):
    """Tau-BC in fractions of the decimals as they were printed, where a tie is a tie."""
    args = record["args"]
    before, after = ([Fraction(repr(float(v))) for v in part] for part in values_of(record))
    m = len(before)
    slopes = sorted((before[j] - before[i]) / (j - i) for i in range(m) for j in range(i + 1, m))
    slope = (slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2]) / 2 if corrected else Fraction(0)
    rest = [value - slope * i for i, value in enumerate([*before, *after])]
    s = sum((late > early) - (late < early) for early in rest[:m] for late in rest[m:])
    s *= 1 if args["improvement"] == "increase" else -1
    if not args.get("Kendall"):
        return s / (m * len(after))
    pairs = [(a, b) for i, a in enumerate(rest) for b in rest[:i]]
    distinct = sum(a != b for a, b in pairs)
    return s / math.sqrt(m * len(after) * distinct) if distinct else math.nan


# Why a number of theirs is not ours. Each rule looks at the number itself, never at which record it is.
def infinite(record, field, want, got, found, subject):
    """theirs is infinite or not a number; scd gives none, with a note"""
    return not math.isfinite(want) and math.isnan(got) and bool(found.note)


def coarse_root(record, field, want, got, found, subject):
    """their root finder stops about 1e-4 short of the end of the interval"""
    width = {"NAP": 1, "Tau": 2, "Tau_BC": 2}.get(record["function"], 0)
    if not field.startswith("CI") or not width or record["args"].get("Kendall"):
        return False
    share, m, n = (found.value + width - 1) / width, int(subject.m[0]), int(subject.n[0])
    end = score_ends(share, m, n, quantile_of(record["args"].get("confidence", 0.95)))[field == "CI_upper"]
    return share not in (0, 1) and abs(got - (width * end - width + 1)) < 1e-6 and abs(want - got) < 2e-4 * width


def no_width(record, field, want, got, found, subject):
    """where no pairs overlap, or all do, their interval is a single point; the score interval keeps its width"""
    lowest = 0 if record["function"] == "NAP" else -1
    return field.startswith("CI") and found.value in (lowest, 1) and want == found.value and got != want


def single_precision(record, field, want, got, found, subject):
    """the Kendall package computes in single precision"""
    return record["args"].get("Kendall") is True and abs(want - got) < 5e-7


def rounding_ties(record, field, want, got, found, subject):
    """values that lie on the baseline's line are no ties to them, for rounding breaks them; in fractions they are"""
    if record["function"] != "Tau_BC":
        return False
    exact, theirs = exact_tau_bc(record, corrected=True), number(record["result"][0]["Est"])
    return abs(exact - found.value) < 1e-12 and abs(exact - theirs) > 1e-6


def one_degree(record, field, want, got, found, subject):
    """of one degree of freedom the correction makes every SMD 0; scd gives none"""
    df = subject.m[0] - 1 + (subject.n[0] - 1 if record["args"].get("std_dev") == "pool" else 0)
    return record["function"] == "SMD" and df == 1 and record["args"]["bias_correct"] and math.isnan(got)


def no_spread(record, field, want, got, found, subject):
    """two phases that do not vary have a standard error of 0 there, and none here"""
    return number(record["result"][0].get("SE")) == 0 and math.isnan(got) and "no standard error" in found.note


def exact_p(record, field, want, got, found, subject):
    """p of the baseline's trend: theirs is normal, ours counts all orders; both decide alike"""
    return field == "pval_slope_A" and abs(want - got) < 0.05 and (want <= 0.05) == (got <= 0.05)


def two_values(record, field, want, got, found, subject):
    """p of three values: the Kendall package says 1 whatever they are"""
    return field == "pval_slope_A" and subject.m[0] == 3 and want == 1


RULES = (
    infinite, coarse_root, no_width, single_precision, rounding_ties, one_degree, no_spread, exact_p, two_values,
)  # fmt: skip


def compared(record):
    """Every number of a record: its field, theirs, ours."""
    before, after = values_of(record)
    subject = contrasts(before, after, improvement=record["args"]["improvement"])
    found = ours(record, subject)
    first = record["result"][0]
    own = {"Est": found.value, "SE": found.se, "CI_lower": found.lower, "CI_upper": found.upper}
    (_, v_first), (_, v_second) = means_and_variances(subject)
    m, n = len(before), len(after)
    pooled = np.nansum([(m - 1) * v_first[0], (n - 1) * v_second[0]]) / max(m + n - 2, 1)
    trend = baseline_trend(subject)
    own |= {"trunc": 1 / (2 * m * n), "baseline_SD": math.sqrt(v_first[0]), "pooled_SD": math.sqrt(pooled)}
    own |= {"slope": trend.slope, "intercept": trend.intercept, "pval_slope_A": trend.p}
    rows = [(field, number(want), own[field]) for field, want in first.items() if field != "ES"]
    for row in record["result"][1:]:  # the response ratio once more, as a change in percent
        rows += [(f"{k}, percent", number(row[k]), 100 * math.expm1(own[k])) for k in ("Est", "CI_lower", "CI_upper")]
    return found, subject, [(field, want, math.nan if got is None else float(got)) for field, want, got in rows]


@cache
def agreement(function):
    """How many numbers of a function are met, explained by each rule, and missing; and the missing ones."""
    told, missing = Counter(), []
    for record in records("singlecasees_*.json", function):
        found, subject, rows = compared(record)
        for field, want, got in rows:
            if same(want, got):
                told["matched"] += 1
                continue
            why = next((r for r in RULES if r(record, field, want, got, found, subject)), None)
            told["missing" if why is None else why.__doc__] += 1
            if why is None:
                missing.append(
                    (record["dataset"], record.get("case"), record["function"], record["args"], field, want, got)
                )
    return told, missing


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_number_of_singlecasees_is_met_or_its_difference_is_explained(function):
    told, missing = agreement(function)
    assert not missing, "\n".join(map(str, missing[:5]))
    assert told["matched"]


# Of these every finite number is met: nothing but infinities and their like is left to explain.
@pytest.mark.parametrize("function", ["Tau_U", "PND", "PEM", "PAND", "IRD", "PoGO", "LRRd"])
def test_most_indices_are_met_without_a_single_exception(function):
    told, _ = agreement(function)
    assert set(told) == {"matched"}


def test_means_over_phase_pairs_are_what_the_batch_of_singlecasees_gives():
    batches = list(records("singlecasees_batch_*.json", "batch_calc_ES"))
    for record in batches:
        for row in record["result"]:
            rows = [r for r in table(record["dataset"]) if r["case"] == row["Case_pseudonym"]]
            rows = [r for r in rows if r["series"] == row["Behavior_type"]]
            scale = rows[0]["metric"] if record["args"]["scale"] == "Metric" else record["args"]["scale"]
            found = []
            for k in "12":
                before, after = ([float(r["outcome"]) for r in rows if r["phase"] == label + k] for label in "AB")
                pair = contrasts(before, after, improvement=rows[0]["direction"])
                ratio = {"LRRi": lrri, "LRRd": lrrd}.get(row["ES"])
                found.append(
                    ratio(pair, scale=scale) if ratio else {"NAP": nap, "Tau": tau, "SMD": smd}[row["ES"]](pair)
                )
            weight = np.array([1.0 if record["args"]["weighting"] == "equal" else f.se**-2 for f in found])
            weight /= weight.sum()
            assert same(row["Est"], np.dot(weight, [f.value for f in found]))
            assert same(row["SE"], math.hypot(*weight * [f.se for f in found]))
    assert batches


GEM = list(records("singlecasees_*.json", "gem_scd"))


@pytest.mark.parametrize("record", GEM, ids=lambda r: f"{r['case']}-{r['args']['fam']}-{r['args']['outcome'][-2:]}")
def test_gradual_effects_meet_singlecasees_at_its_omega_and_leave_no_more_deviance(record):
    args, want = record["args"], record["result"]
    rows = [r for r in table(record["dataset"]) if r["case"] == record["case"]]
    rows = [r for r in rows if not record.get("series") or r["series"] == record["series"]]
    if "phases A" in args["outcome"]:
        rows = [r for r in rows if r["phase"][1] == args["outcome"][-1]]
    whole = 100 if "/100" in args["outcome"] else 1
    values = [float(r["outcome"]) / whole for r in rows]
    treated = [float(r["phase"][0] != "A") for r in rows]
    family = {"gaussian": "gaussian", "quasipoisson": "poisson", "quasibinomial": "binomial"}[args["fam"].split("(")[0]]
    there = gradual_effect(values, treated=treated, sessions=args["m"], family=family, omega=want["omega"])
    assert same(want["deviance"], there.deviance, 1e-12)
    assert same(want["coefficients"][0], there.baseline)
    assert same(want["coefficients"][1], there.effect)
    # R takes its weights from the iteration before the last, which shows in the fifth digit; in a line there are none.
    tolerance = 1e-8 if family == "gaussian" else 1e-4
    assert want["dispersion"] == pytest.approx(there.dispersion, rel=tolerance)
    assert np.array(want["vcov"]["values"], dtype=float) == pytest.approx(there.covariance, rel=tolerance, abs=1e-9)
    # Their omega stops at 1e-4, once in a local dip (Lilly, on task, 0.62 for 1).
    best = gradual_effect(values, treated=treated, sessions=args["m"], family=family)
    assert best.deviance <= want["deviance"] * (1 + 1e-9)


if __name__ == "__main__":
    for function in FUNCTIONS:
        for verdict, count in agreement(function)[0].most_common():
            print(f"{function:8} {count:6}  {verdict}")

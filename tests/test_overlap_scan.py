"""scan's overlap indices, mean differences and reliable change on real data, to 1e-8, or one line that says why not."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from peers import needs_peers, number, records, same, table

from scd.analysis.overlap.baseline_trend import baseline_trend
from scd.analysis.overlap.contrasts import contrasts
from scd.analysis.overlap.mean_differences import means_and_variances, smd
from scd.analysis.overlap.nonoverlap import ird, nap, pand, pem, pet, pnd
from scd.analysis.overlap.reliable_change import reliable_change
from scd.analysis.overlap.tau import tau, tau_bc
from scd.analysis.overlap.tau_u import tau_u_members

pytestmark = needs_peers

FUNCTIONS = ("nap", "pnd", "pem", "pet", "pand", "ird", "smd", "overlap", "tau_u", "corrected_tau", "rci")
OVER = {
    ("complete", "b"): "tau-b",
    ("complete", "a"): "all pairs",
    ("tarlow", "b"): "all pairs",
    ("parker", "b"): "parker",
}

SORTED = (
    "PAND by sorting: the values are sorted, and those out of their phase counted; it is not the fewest to take out"
)
TIES = "values at the baseline's median count nothing there, and half here"
DERIVED = "computed from the index by a formula that scd does not give; the index itself is met"
TEST = "a test of pairs as if sessions were in random order; scd gives tests by the randomisation that was drawn"
SECOND = "by the standard error of the line, a second index under the same name"
INTERVAL = "Fisher's interval is for a correlation; no sampling distribution of Tau-U is known, so scd gives none"
UNCORRECTED = "their variance of S leaves out ties of the values, of the coded time, or both; Kendall's takes all"
HALF_TIES = "of the phases alone theirs is over their pairs less half of the ties, which is no tau-b"
ROUNDING = "values on the baseline's line are no ties to them, for rounding breaks them; in fractions they are"
CONTINUITY = "S less 1 over its standard deviation"
TAU_A = "over all pairs of the series, also those within a phase, which can't count"
MISNAMED = "called Jacobson's, but over the standard error of one score; Jacobson and Truax take that of a difference"
WRONG_N = "the number of intervention values is taken from the baseline"
POOLED_MEAN = "summed over cases as if they were one; scd never throws cases together"
INFINITE = "theirs is infinite or not there; scd gives none, with a note"


@cache
def cases(dataset, phases=(1, 2)):
    """Each case's two phases with their session numbers, in order of the file: (name, values A, values B, times)."""
    found = {}
    for row in table(dataset):
        found.setdefault(row["case"], []).append(row)
    made = []
    for name, rows in found.items():
        labels = list(dict.fromkeys(r["phase"] for r in rows))
        parts = [[r for r in rows if r["phase"] == labels[k - 1]] for k in phases]
        values = [[number(r["outcome"]) for r in part] for part in parts]
        times = tuple([float(r["session"]) for r in part] for part in parts)
        made.append((name, *values, times))
    return made


def subjects(record):
    improvement = "decrease" if record["args"].get("decreasing") else "increase"
    phases = tuple(record["args"].get("phases", (1, 2)))
    chosen = [c for c in cases(record["dataset"], phases) if record.get("case") in (None, "all", c[0])]
    return [contrasts(a, b, improvement=improvement, sessions=at) for _, a, b, at in chosen]


def nap_fields(record):
    for row, c in zip(record["result"]["nap"], subjects(record), strict=True):
        before, after = (part[0] for part in c.better)
        up, even = ((after > b).sum() for b in before), ((after == b).sum() for b in before)
        up, even, pairs = sum(up), sum(even), len(before) * len(after)
        own = {
            "NAP": 100 * nap(c).value,
            "NAP Rescaled": 100 * tau(c).value,
            "Pairs": pairs,
            "Positives": up,
            "Ties": even,
        }
        w = pairs - up - even / 2 if c.sign > 0 else up + even / 2  # of Wilcoxon's test, whatever is better
        own |= {"Non-overlaps": up + even / 2, "w": w}
        yield from ((field, number(row[field]), value, "") for field, value in own.items())
        d = 3.464 * (1 - math.sqrt((1 - number(row["NAP"]) / 100) / 0.5))
        yield "d", number(row["d"]), d, DERIVED
        yield "R²", number(row["R²"]), d**2 / (d**2 + 4), DERIVED
        yield "p", number(row["p"]), None, TEST


def pnd_fields(record):
    told = (np.atleast_1d(record["result"][field]).tolist() for field in ("PND", "n.B"))
    for want, n, c in zip(*told, subjects(record), strict=True):
        yield "PND", number(want), 100 * pnd(c).value, ""
        yield "n.B", n, c.n[0], ""


def strict_pem(c):
    before, after = (part[0] for part in c.better)
    return 100 * np.mean(after > np.median(before))


def pem_fields(record):
    for row, c in zip(record["result"]["PEM"], subjects(record), strict=True):
        yield "PEM", number(row["PEM"]), *_pem(c)
        yield "total", row["total"], c.n[0], ""
        yield "positives", row["positives"], strict_pem(c) / 100 * c.n[0], TIES if _pem(c)[1] else ""
        yield "binom.p", number(row["binom.p"]), _binomial(row["positives"], row["total"]), TEST


def _pem(c):
    ours, theirs = 100 * pem(c).value, strict_pem(c)
    return (ours, "") if ours == theirs else (theirs, TIES)


def _binomial(k, n):
    return sum(math.comb(int(n), i) for i in range(int(k), int(n) + 1)) / 2 ** int(n)


def pet_fields(record):
    for row, c in zip(record["result"]["PET"], subjects(record), strict=True):
        yield "PET", *_pet(c, number(row["PET"]))
        yield "PET CI", number(row["PET CI"]), None, SECOND
        yield "binom.p", number(row["binom.p"]), _binomial(round(row["PET"] / 100 * c.n[0]), c.n[0]), TEST


def exactly(c):
    """Baseline and intervention values and times in fractions of the decimals as they were printed."""
    held = (c.baseline, c.intervention, c.baseline_sessions, c.intervention_sessions)
    return ([Fraction(repr(float(v))) for v in part[0] if np.isfinite(v)] for part in held)


def _pet(c, want):
    ours = 100 * pet(c).value
    if same(want, ours):
        return want, ours, ""
    before, after, early, late = exactly(c)
    center, level = sum(early) / len(early), sum(before) / len(before)
    slope = sum((t - center) * y for t, y in zip(early, before, strict=True)) / sum((t - center) ** 2 for t in early)
    above = sum(c.sign * (y - level - slope * (t - center)) > 0 for t, y in zip(late, after, strict=True))
    return want, None if 100 * above / len(after) == ours else math.nan, ROUNDING


def _tau_b_of_rest(c, want):
    ours = tau_bc(c, kendall=True, timing="sessions").value
    if same(want, ours):
        return want, ours, ""
    before, after, early, late = exactly(c)
    m = len(before)
    slopes = sorted((before[j] - before[i]) / (early[j] - early[i]) for i in range(m) for j in range(i + 1, m))
    slope = (slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2]) / 2
    rest = [y - slope * t for y, t in zip([*before, *after], [*early, *late], strict=True)]
    s = c.sign * sum((b > a) - (b < a) for a in rest[:m] for b in rest[m:])
    distinct = sum(a != b for i, a in enumerate(rest) for b in rest[:i])
    exact = s / math.sqrt(m * len(after) * distinct)
    return want, None if same(exact, ours, 1e-12) else math.nan, ROUNDING


def pand_fields(record):
    found, told = subjects(record), record["result"]
    m, n = (sum(int(getattr(c, side)[0]) for c in found) for side in "mn")
    yield from (("n", told["n"], m + n, ""), ("n_a", told["n_a"], m, ""), ("n_b", told["n_b"], n, ""))
    if record["args"]["method"] == "sort":
        share = 100 * sum(sorted_pand(c) * (c.m[0] + c.n[0]) for c in found) / (m + n)
        yield "pand", number(told["pand"]), share, SORTED
        return
    yield "pand", number(told["pand"]), 100 * sum(pand(c).value * (c.m[0] + c.n[0]) for c in found) / (m + n), ""
    for row, c in zip(told["casewise"].values(), found, strict=True):
        yield "casewise", number(row["pand"]), pand(c).value, ""


def sorted_pand(c):
    """Share of values that stand in their own phase when all are sorted, phases before values for ties."""
    m = int(c.m[0])
    rows = sorted([(v, 0) for v in c.baseline[0]] + [(v, 1) for v in c.intervention[0]], reverse=c.sign < 0)
    return np.mean([phase == (i >= m) for i, (_, phase) in enumerate(rows)])


def ird_fields(record):
    found = subjects(record)
    m, n = (sum(int(getattr(c, side)[0]) for c in found) for side in "mn")
    overlap = sum((1 - pand(c).value) * (c.m[0] + c.n[0]) for c in found)
    yield (
        "ird",
        number(record["result"]["ird"]),
        1 - (m + n) / (2 * m * n) * overlap,
        "" if len(found) == 1 else POOLED_MEAN,
    )


def smd_fields(record):
    for row, c in zip(record["result"]["smd"], subjects(record), strict=True):
        (a, va), (b, vb) = ((mean[0], var[0]) for mean, var in means_and_variances(c))
        m, n = c.m[0], c.n[0]
        pooled = smd(c, standardizer="pooled", bias_corrected=False).value
        own = {"mA": a, "mB": b, "sdA": math.sqrt(va), "sdB": math.sqrt(vb), "Hedges' g": pooled}
        own |= {"Glass' delta": smd(c, bias_corrected=False).value}
        own |= {"Hedges' g correction": smd(c, standardizer="pooled").value}
        yield from ((field, number(row[field]), value, "") for field, value in own.items())
        durlak = pooled * (m + n - 3) / (m + n - 2.25) * math.sqrt((m + n - 2) / (m + n))
        yield "Hedges' g durlak correction", number(row["Hedges' g durlak correction"]), durlak, DERIVED
        average = math.sqrt((va + vb) / 2)
        yield "Cohen's d", number(row["Cohen's d"]), (b - a) / average if average else math.nan, DERIVED


def overlap_fields(record):
    for row, c in zip(record["result"]["overlap"], subjects(record), strict=True):
        up = contrasts(c.baseline[0], c.intervention[0], improvement="increase",
                       sessions=(c.baseline_sessions[0], c.intervention_sessions[0]))  # fmt: skip
        own = {"PND": 100 * pnd(c).value, "NAP": 100 * nap(c).value, "IRD": ird(c).value}
        own |= {"NAP rescaled": 100 * tau(c).value, "SMD": smd(up, bias_corrected=False).value}
        own |= {"Hedges_g": smd(up, standardizer="pooled").value}
        members = tau_u_members(up, over="tau-b").set_index("member")["tau"]
        own |= {"Tau_U(A)": members["A vs B - trend A"], "Tau_U(BA)": members["A vs B + trend B - trend A"]}
        (a, _), (b, _) = means_and_variances(up)
        own |= {"Diff_mean": b[0] - a[0]}
        yield from ((field, number(row[field]), value, "") for field, value in own.items())
        yield "PEM", number(row["PEM"]), *_pem(c)
        yield "PET", *_pet(c, number(row["PET"]))
        yield "PAND", number(row["PAND"]), 100 * sorted_pand(c), SORTED
        slopes = [np.polyfit(x[0], y[0], 1)[0] for x, y in
                  ((c.baseline_sessions, c.baseline), (c.intervention_sessions, c.intervention))]  # fmt: skip
        yield "Diff_trend", number(row["Diff_trend"]), slopes[1] - slopes[0], DERIVED


def tau_u_fields(record):
    args = record["args"]
    over = OVER[args["method"], args.get("tau_method", "b")]
    for rows, c in zip(record["result"]["table"].values(), subjects(record), strict=True):
        members = tau_u_members(c, over=over).set_index("member")
        for row in rows:
            name = row["_row"].replace("vs.", "vs").replace("Trend", "trend")
            own = members.loc[name]
            counts = {"pos": "rising", "neg": "falling", "ties": "tied", "S": "s"}
            yield from ((field, number(row[field]), own[ours], "") for field, ours in counts.items())
            half = over == "tau-b" and name == "A vs B"
            denominator = own["rising"] + own["falling"] + own["tied"] / 2 if half else own["denominator"]
            why = HALF_TIES if half else ""
            yield "D", number(row["D"]), denominator, why
            tau_of = own["s"] / denominator if denominator else math.nan
            yield "Tau", number(row["Tau"]), tau_of, why
            yield from _spread(row, own, c, continuity=args["method"] == "tarlow")
            yield "CI", number(row["CI lower"]), None, INTERVAL


def _spread(row, own, c, *, continuity):
    """SD of S and z: Kendall's where theirs takes ties into account; else without ties, or without those of time."""
    m, n = float(c.m[0]), float(c.n[0])
    untied = [m * n * (m + n + 1) / 3, *(k * (k - 1) * (2 * k + 5) / 18 for k in (m, n, m + n))]
    s = math.copysign(max(abs(own["s"]) - 1, 0), own["s"]) if continuity else own["s"]
    for field, want in (("SD_S", number(row["SD_S"])), ("Z", number(row["Z"]))):
        ours = own["sd_s"] if field == "SD_S" else s / own["sd_s"] if own["sd_s"] else math.nan
        theirs = want if field == "SD_S" else s / want if want else math.nan
        if same(want, ours):
            yield field, want, ours, CONTINUITY if continuity and field == "Z" else ""
        else:
            yield field, want, None if any(same(v, theirs**2) for v in untied) else 0.0, UNCORRECTED


def corrected_tau_fields(record):
    simple = record["args"].get("tau_method") == "a"
    for rows, c in zip(record["result"]["corrected_tau"].values(), subjects(record), strict=True):
        told = {row["Model"]: row for row in rows}
        pairs = (c.m[0] + c.n[0]) * (c.m[0] + c.n[0] - 1) / 2
        own = {
            "Baseline autocorrelation": baseline_trend(c, timing="sessions").tau,
            "Uncorrected tau": tau_bc(c, kendall=True, pretest=0).value,
        }
        members = tau_u_members(c).set_index("member")
        for model, value in own.items():
            want = number(told[model]["tau"])
            if not simple:
                yield model, want, value, ""
            elif model == "Uncorrected tau":
                yield model, want, members.loc["A vs B", "s"] / pairs, TAU_A
            elif model == "Baseline autocorrelation":
                trend = members.loc["trend A"]
                yield model, want, trend["s"] / (c.m[0] * (c.m[0] - 1) / 2) if trend["sd_s"] else math.nan, TAU_A
        if not simple:
            yield "corrected", *_tau_b_of_rest(c, number(told["Baseline corrected tau"]["tau"]))
            yield "z", number(told["Uncorrected tau"]["z"]), members.loc["A vs B", "z"], ""
            yield "z of trend", number(told["Baseline autocorrelation"]["z"]), members.loc["trend A", "z"], ""


def rci_fields(record):
    (c,) = subjects(record)
    told = record["result"]
    (a, va), (b, _) = ((mean[0], var[0]) for mean, var in means_and_variances(c))
    if va == 0:
        yield "rci", number(told["rci"]["values"][1][0]), None, INFINITE
        return
    found = reliable_change(c, reliability=record["args"]["rel"])
    yield "Christensen and Mendoza", number(told["rci"]["values"][1][0]), found.index, ""
    yield "Jacobson et al.", number(told["rci"]["values"][0][0]), found.change / found.sem, MISNAMED
    yield "se_dif", number(told["se_dif"]), found.s_diff, ""
    rows = told["descriptives"]["values"]
    yield "mean A", number(rows[0][1]), a, ""
    yield "mean B", number(rows[1][1]), b, ""
    yield "n of B", number(rows[1][0]), c.m[0], "" if c.m[0] == c.n[0] else WRONG_N


FIELDS = {
    "nap": nap_fields, "pnd": pnd_fields, "pem": pem_fields, "pet": pet_fields, "pand": pand_fields, "ird": ird_fields,
    "smd": smd_fields, "overlap": overlap_fields, "tau_u": tau_u_fields, "corrected_tau": corrected_tau_fields,
    "rci": rci_fields,
}  # fmt: skip


@cache
def agreement(function):
    """How many numbers of a function are met, explained, and missing; an explanation with a number must hold for it."""
    told, missing = Counter(), []
    for record in records("scan_*.json", function):
        for field, want, got, why in FIELDS[function](record):
            if got is not None and same(want, got):
                told[why or "matched"] += 1
            elif got is None and why:
                told[why] += 1
            elif not math.isfinite(want) and (got is None or not math.isfinite(got)):
                told[INFINITE] += 1
            else:
                missing.append((record["dataset"], record.get("case"), record["args"], field, want, got, why))
    return told, missing


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_number_of_scan_is_met_or_its_difference_is_explained(function):
    told, missing = agreement(function)
    assert not missing, f"{len(missing)}\n" + "\n".join(map(str, missing[:8]))
    assert told["matched"]


if __name__ == "__main__":
    for function in FUNCTIONS:
        for verdict, count in agreement(function)[0].most_common():
            print(f"{function:13} {count:6}  {verdict}")

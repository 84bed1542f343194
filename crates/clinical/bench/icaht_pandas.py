"""A straightforward pandas implementation of the published automated ICAHT method, for comparison.

Input: a CSV file with the columns patient, day, anc (days 0 to 30, /µL, one row a measured value).
Output, as JSON on standard output: the grade of every patient in order, and the seconds each of the
repetitions took for grading alone (reading is not timed). The numbers come in on the command line, so
that they stand in one place only.
"""

import argparse
import json
import sys
import time

import numpy as np
import pandas as pd


def fill(anc, gap_days, step):
    """Interpolates short gaps, rounds what was interpolated, carries the ends."""
    missing = anc.isna()
    run = (missing != missing.shift()).cumsum()
    length = missing.groupby(run).transform("size")
    between = anc.interpolate(limit_area="inside")
    filled = anc.where(~missing, (between / step).round() * step)
    filled = filled.fillna(anc.bfill()).fillna(anc.ffill())
    return filled.where(~missing | (length <= gap_days))


def episodes(anc, line, recovery_days):
    """Runs at or below the line, joined over recoveries that are too short, edges included."""
    low = anc.le(line)
    if not low.any():
        return low, None
    last = anc.last_valid_index()
    seen = low.loc[:last]
    run = (seen != seen.shift()).cumsum()
    length = seen.groupby(run).transform("size")
    joined = seen | (length < recovery_days)
    return joined, (joined != joined.shift()).cumsum()


def longest(joined, run):
    return 0 if run is None else int(joined.groupby(run).sum().max())


def band(days, bands):
    return max((grade for start, grade in bands if days >= start), default=0)


def grade(anc, a):
    anc = fill(anc, a.gap_days, a.step)
    low, run = episodes(anc, a.low, a.recovery_days)
    if run is None:
        return 0
    first = low[low].index[0]
    ends = low.groupby(run).transform("size")
    same = run == run.loc[first]
    if first <= a.start_day and same.index[same][-1] == anc.last_valid_index() and ends.loc[first] > 0:
        return a.never_above
    deep, deep_run = episodes(anc, a.deep, a.recovery_days)
    return max(band(longest(low, run), a.low_bands), band(longest(deep, deep_run), a.deep_bands))


def bands(text):
    return [tuple(int(n) for n in pair.split(":")) for pair in text.split(",")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--last-day", type=int, required=True)
    parser.add_argument("--low", type=float, required=True)
    parser.add_argument("--deep", type=float, required=True)
    parser.add_argument("--low-bands", type=bands, required=True)
    parser.add_argument("--deep-bands", type=bands, required=True)
    parser.add_argument("--start-day", type=int, required=True)
    parser.add_argument("--never-above", type=int, required=True)
    parser.add_argument("--recovery-days", type=int, required=True)
    parser.add_argument("--gap-days", type=int, required=True)
    parser.add_argument("--step", type=float, required=True)
    a = parser.parse_args()
    table = pd.read_csv(a.file)
    days = pd.RangeIndex(a.last_day + 1)
    seconds, grades = [], []
    for _ in range(a.repeat):
        start = time.perf_counter()
        lowest = table.groupby(["patient", "day"], sort=True)["anc"].min()
        grades = [
            int(grade(series.droplevel("patient").reindex(days).astype(np.float64), a))
            for _, series in lowest.groupby(level="patient", sort=True)
        ]
        seconds.append(time.perf_counter() - start)
    json.dump({"pandas": pd.__version__, "seconds": seconds, "grades": grades}, sys.stdout)


if __name__ == "__main__":
    main()

"""The same four-parameter fits with SciPy's curve_fit: prints microseconds a fit, then index and
residual sum of squares of each. Usage: peers.py CURVES.csv COUNT"""
import sys
import time

import numpy as np
from scipy.optimize import curve_fit

DOSES = np.repeat([0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0], 3)
LOG_DOSES = np.log(DOSES)


def curve(log_dose, b, c, d, log_e):
    return c + (d - c) / (1.0 + np.exp(b * (log_dose - log_e)))


def main():
    data = np.loadtxt(sys.argv[1], delimiter=",", max_rows=int(sys.argv[2]))
    results = []
    begin = time.perf_counter()
    for y in data:
        start = [1.0, y.min(), y.max(), np.log(5.0)]
        try:
            best, _ = curve_fit(curve, LOG_DOSES, y, p0=start, maxfev=2000)
        except RuntimeError:
            best = None
        results.append(best)
    each = (time.perf_counter() - begin) * 1e6 / len(data)
    print(f"{each:.3f}")
    for index, (y, best) in enumerate(zip(data, results)):
        if best is not None:
            print(f"{index},{float(np.sum((y - curve(LOG_DOSES, *best)) ** 2)):.17e}")


main()

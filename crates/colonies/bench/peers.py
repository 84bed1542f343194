"""A tuned scikit-image pipeline on the same files, for bench_colonies.

Usage: peers.py RUNS FILE...   prints one JSON line: [{"file","count","ms"}].
The steps are the usual ones, with parameters chosen for plates like these:
dish by the Hough transform on a small picture, background by a Gaussian,
Otsu's threshold, small objects out, watershed on the distance transform.
Decoding is inside the time, as it is on our side.
"""

import json
import sys
import time

import numpy as np
from scipy import ndimage
from skimage import color, feature, filters, io, measure, morphology, segmentation, transform


def count(path):
    grey = color.rgb2gray(io.imread(path)[..., :3])
    small = transform.rescale(grey, 200 / max(grey.shape), anti_aliasing=True)
    edges = feature.canny(small, sigma=1.5)
    radii = np.arange(60, 104, 2)
    _, cx, cy, radius = transform.hough_circle_peaks(
        transform.hough_circle(edges, radii), radii, total_num_peaks=1
    )
    scale = max(grey.shape) / 200
    row, column, reach = cy[0] * scale, cx[0] * scale, radius[0] * scale * 0.9
    rows, columns = np.ogrid[: grey.shape[0], : grey.shape[1]]
    inside = (rows - row) ** 2 + (columns - column) ** 2 < reach**2
    weight = ndimage.gaussian_filter(inside.astype(np.float32), 40)
    base = ndimage.gaussian_filter(np.where(inside, grey, 0).astype(np.float32), 40)
    flat = np.where(inside, grey - base / np.maximum(weight, 1e-3), 0)
    flat = ndimage.gaussian_filter(flat, 1)
    middle = flat[inside]
    if (middle - np.median(middle)).clip(max=0).__abs__().sum() > (middle - np.median(middle)).clip(min=0).sum():
        flat = -flat
    cut = max(filters.threshold_otsu(flat[inside]), 5 * 1.4826 * np.median(np.abs(flat[inside] - np.median(flat[inside]))), 0.02)
    mask = (flat > cut) & inside
    mask = ndimage.binary_fill_holes(mask)
    mask = morphology.remove_small_objects(mask, max_size=11)
    distance = ndimage.distance_transform_edt(mask)
    peaks = feature.peak_local_max(ndimage.gaussian_filter(distance, 1), min_distance=3, labels=measure.label(mask))
    markers = np.zeros(mask.shape, dtype=np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    labels = segmentation.watershed(-distance, markers, mask=mask)
    kept = 0
    for region in measure.regionprops(labels):
        if region.area >= 12 and region.eccentricity < 0.93 and region.solidity > 0.75:
            kept += 1
    return kept


def main():
    runs = int(sys.argv[1])
    results = []
    for path in sys.argv[2:]:
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            found = count(path)
            times.append((time.perf_counter() - start) * 1000)
        results.append({"file": path, "count": found, "ms": times})
    print(json.dumps(results))


if __name__ == "__main__":
    main()

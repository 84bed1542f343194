"""FlowIO and FlowKit (PyPI) on the same file and gates as the bench of this
crate. Prints one JSON object a line; needs `pip install flowio flowkit`."""

import io
import json
import sys
import time

import flowio
import flowkit

ROUNDS = 15


def report(what, work):
    times = []
    before = time.process_time()
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    cpu = round((time.process_time() - before) * 1e3 / ROUNDS, 1)
    times.sort()
    lowest, median, highest = (round(times[k], 2) for k in (0, ROUNDS // 2, -1))
    print(json.dumps({"what": what, "ms": lowest, "median": median, "highest": highest, "cpu_ms": cpu}))


def main(fcs, xml):
    with open(fcs, "rb") as file:
        content = file.read()
    report("FlowIO: read the file's events (flat array)", lambda: flowio.FlowData(fcs))
    report("FlowIO: read the file into a float matrix", lambda: flowio.FlowData(fcs).as_array(preprocess=False))
    report("FlowIO: from memory (flat array)", lambda: flowio.FlowData(io.BytesIO(content)))
    report(
        "FlowIO: from memory into a float matrix",
        lambda: flowio.FlowData(io.BytesIO(content)).as_array(preprocess=False),
    )
    sample = flowkit.Sample(fcs)
    strategy = flowkit.parse_gating_xml(xml)
    report("FlowKit: gate the sample", lambda: strategy.gate_sample(sample))
    results = strategy.gate_sample(sample)
    for gate, _ in strategy.get_gate_ids():
        print(json.dumps({"gate": gate, "count": int(results.get_gate_count(gate))}))


if __name__ == "__main__":
    main(*sys.argv[1:])

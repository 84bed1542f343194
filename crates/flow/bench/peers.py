"""FlowIO and FlowKit (PyPI) on the same file and gates as the bench of this
crate. Prints one JSON object a line; needs `pip install flowio flowkit`."""

import json
import sys
import time

import flowio
import flowkit

ROUNDS = 5


def best(work):
    shortest = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        shortest = min(shortest, (time.perf_counter() - start) * 1e3)
    return round(shortest, 2)


def report(what, milliseconds):
    print(json.dumps({"what": what, "ms": milliseconds}))


def main(fcs, xml):
    report("FlowIO: read the file's events (flat array)", best(lambda: flowio.FlowData(fcs)))
    report("FlowIO: read into a float matrix", best(lambda: flowio.FlowData(fcs).as_array(preprocess=False)))
    sample = flowkit.Sample(fcs)
    strategy = flowkit.parse_gating_xml(xml)
    report("FlowKit: gate the sample", best(lambda: strategy.gate_sample(sample)))
    results = strategy.gate_sample(sample)
    for gate, _ in strategy.get_gate_ids():
        print(json.dumps({"gate": gate, "count": int(results.get_gate_count(gate))}))


if __name__ == "__main__":
    main(*sys.argv[1:])

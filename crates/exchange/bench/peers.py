"""Times PyPI fhir.resources on the files named on the command line, for bench_fhir.

Prints one line a round: `<file> <seconds>`. Needs `pip install fhir.resources`. Bundles are R4, so
the package's R4B model is used where it has one (its newest model is R5).
"""

import sys
import time

try:
    from fhir.resources.R4B.bundle import Bundle
except ImportError:  # an old release
    from fhir.resources.bundle import Bundle

rounds = int(sys.argv[1])
for path in sys.argv[2:]:
    with open(path, "rb") as file:
        data = file.read()
    for _ in range(rounds):
        start = time.perf_counter()
        try:
            if hasattr(Bundle, "model_validate_json"):
                bundle = Bundle.model_validate_json(data)
            else:
                bundle = Bundle.parse_raw(data)
        except Exception as error:  # a real bundle it does not take
            print(path, "refused", type(error).__name__, str(error)[:200].replace("\n", " "))
            break
        print(path, time.perf_counter() - start)

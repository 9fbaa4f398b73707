"""Which answers each operation gave in the reports of several runs: openapi_reached.py REPORT...

Ends with 1 when an operation never succeeded: then the shape of its answer was never judged.
"""

import collections
import json
import sys


def answers(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder")
            for interaction in (recorder or {}).get("interactions", {}).values():
                # Requests with a method that the operation does not have stand beside its own.
                if interaction["response"] and recorder["label"].startswith(interaction["request"]["method"] + " "):
                    yield recorder["label"], interaction["response"]["status_code"]


def main(*paths):
    reached = collections.defaultdict(collections.Counter)
    for path in paths:
        for operation, status in answers(path):
            reached[operation][status] += 1
    missed = [name for name, found in reached.items() if not any(200 <= status < 300 for status in found)]
    for operation, found in sorted(reached.items()):
        print(f"{operation}:", ", ".join(f"{status} x{count}" for status, count in sorted(found.items())))
    for operation in missed:
        print(f"never answered with success, so not judged: {operation}")
    return 1 if missed else 0


sys.exit(main(*sys.argv[1:]))

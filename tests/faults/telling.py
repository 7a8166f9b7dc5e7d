"""A program that tells what it was given: `python -m tests.faults.telling CODE …`."""

import json
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    code, *more = sys.argv[1:]
    sys.stdout.write(json.dumps({"more": more, "env": dict(os.environ), "cwd": str(Path.cwd())}))
    sys.stderr.write("and complained\n")
    sys.exit(int(code))

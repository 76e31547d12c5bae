"""How fast the command line answers and the package is imported; both under 0.3 s.

python benchmarks/startup.py
"""

from __future__ import annotations

import subprocess
import sys
import time

GOAL = 0.3
ROUNDS = 7
COMMANDS = {
    "spine-msca --help": ["-c", "from spinemsca.cli import main; main(['--help'])"],
    "import spinemsca": ["-c", "import spinemsca"],
    "python alone": ["-c", "pass"],
}


def seconds(arguments: list[str]) -> float:
    """Of one run of Python."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measures and prints."""
    times = {name: min(seconds(a) for _ in range(ROUNDS)) for name, a in COMMANDS.items()}
    for name, best in times.items():
        print(f"{name:18} {best:.3f} s = {best / GOAL:.2f} of the goal of {GOAL} s")
    sys.exit(max(times.values()) > GOAL)


if __name__ == "__main__":
    main()

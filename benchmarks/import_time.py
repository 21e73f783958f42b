"""How much longer than Python itself do `import mlops_lab` and `mlops-lab --help` take?

Fresh processes, taken in turns so that a busy moment hits all alike; the median of the differences within a round.
The bar: at most 0.1 s each.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 15
BAR = 0.1
BARE = "pass"
STATEMENTS = {
    "import mlops_lab": "import mlops_lab",
    "mlops-lab --help": "import sys; sys.argv = ['mlops-lab', '--help']; from mlops_lab.cli import main; main()",
    "import mlops_lab.evaluation": "import mlops_lab.evaluation",
}
BOUND = ["import mlops_lab", "mlops-lab --help"]


def seconds(statement: str) -> float:
    """Run one statement in a fresh Python, and return how long that took."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> int:
    """Print the table; fail where a bar is missed."""
    for statement in STATEMENTS.values():
        seconds(statement)  # compiles what was not compiled yet
    rounds = []
    for _ in range(ROUNDS):
        bare = seconds(BARE)
        rounds.append((bare, {name: seconds(statement) - bare for name, statement in STATEMENTS.items()}))
    print(f"bare Python: {statistics.median(bare for bare, _ in rounds):.3f} s, {ROUNDS} rounds")
    print(f"{'':<34}{'s over bare':>12}{'× bare':>9}   bar")
    missed = 0
    for name in STATEMENTS:
        extra = statistics.median(extras[name] for _, extras in rounds)
        ratio = statistics.median(1 + extras[name] / bare for bare, extras in rounds)
        kept = "" if name not in BOUND else f"≤ {BAR} s: {'kept' if extra <= BAR else 'missed'}"
        missed += name in BOUND and extra > BAR
        print(f"{name:<34}{extra:>12.3f}{ratio:>9.1f}   {kept}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

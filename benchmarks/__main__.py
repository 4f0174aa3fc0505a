"""Run the benchmarks named on the command line, or all of them."""

import importlib
import pkgutil
import sys

import benchmarks

SKIPPED = {"__main__", "plain", "timing"}


def main(names: list[str]) -> int:
    """Run benchmarks by name; every module here with a function `main` is one."""
    known = sorted({module.name for module in pkgutil.iter_modules(benchmarks.__path__)} - SKIPPED)
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    for name in names or known:
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

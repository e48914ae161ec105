"""Runs every test of this directory: python3 tests/interop/run.py [-v] [-k pattern] [module ...]."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def main():
    sys.path.insert(0, str(HERE))
    modules = [argument for argument in sys.argv[1:] if (HERE / f"{argument}.py").exists()]
    options = [argument for argument in sys.argv[1:] if argument not in modules]
    modules = modules or sorted(path.stem for path in HERE.glob("test_*.py"))
    program = unittest.main(module=None, argv=["run.py", *options, *modules], exit=False)
    result = program.result
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = f", {len(result.skipped)} skipped" if result.skipped else ""
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed{skipped}")
    sys.exit(1 if failed or not result.testsRun else 0)


if __name__ == "__main__":
    main()

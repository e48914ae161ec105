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
    # A test can fail more than once: in its parts, and again in its clean-up.
    failures = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}
    failed, skipped = len(failures), len(result.skipped)
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed or not result.testsRun else 0)


if __name__ == "__main__":
    main()

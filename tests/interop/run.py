"""Runs the tests of this directory or another one, all of them or those of the modules named."""

import argparse
import faulthandler
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
# So many failures may be the machine's; each gets a second attempt, and is named whatever comes of it.
MOST_CHANCES = 3
# The most seconds for one test, more than any takes.
PATIENCE = 900


class Result(unittest.TextTestResult):
    """Ends everything, and says where it was, when a test does not end."""

    def startTest(self, test):
        super().startTest(test)
        faulthandler.dump_traceback_later(PATIENCE, exit=True)

    def stopTest(self, test):
        faulthandler.cancel_dump_traceback_later()
        super().stopTest(test)


def differences(file):
    """The tests that may fail, with the reasons."""
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split(": ", 1) for line in lines)


def failures_of(result):
    """A test can fail more than once: in its parts, and again in its clean-up."""
    return {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}


def pass_again(loader, failures):
    """Of these the tests that pass when they run alone."""
    names = sorted(name for name in failures if name.startswith("test_"))
    if len(failures) > MOST_CHANCES or not names:
        return set()
    print("once more:", ", ".join(names))
    loader.testNamePatterns = None
    runner = unittest.TextTestRunner(resultclass=Result)
    return set(names) - failures_of(runner.run(loader.loadTestsFromNames(names)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="test_server, test_fuzz, ...")
    parser.add_argument("-k", action="append", default=[], metavar="PART", help="only tests with this in their names")
    parser.add_argument("-v", action="store_true", help="name each test")
    parser.add_argument("--differences", type=pathlib.Path, metavar="FILE",
                        help="tests that may fail: in each line one, a colon, the reason")
    parser.add_argument("-f", action="store_true", help="stop at the first failure")
    parser.add_argument("--directory", type=pathlib.Path, default=HERE, help="where the tests are")
    options = parser.parse_args()

    directory = options.directory.resolve()
    sys.path[:0] = [str(directory), str(HERE)]
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in options.k] or None
    # Discovery, unlike loading by name, takes a module that cannot be imported here for a skipped test.
    modules = options.modules or ["test_*"]
    tests = unittest.TestSuite(loader.discover(str(directory), f"{module}.py") for module in modules)
    verbosity = 2 if options.v else 1
    result = unittest.TextTestRunner(verbosity=verbosity, failfast=options.f, resultclass=Result).run(tests)

    failures = failures_of(result)
    may_fail = differences(options.differences) if options.differences else {}
    differ = failures & may_fail.keys()
    unsteady = pass_again(loader, failures - may_fail.keys())
    failed = failures - may_fail.keys() - unsteady
    for test in sorted(differ):
        print(f"differs  {test}: {may_fail[test]}")
    for test in sorted(unsteady):
        print(f"UNSTEADY {test}: failed, and passed alone")
    for test in sorted(failed):
        print(f"FAILED   {test}")
    skipped = len(result.skipped)
    counts = [f"{result.testsRun - len(failures) - skipped} passed", f"{len(failed)} failed"]
    counts += [f"{len(differ)} differ"] if differ else []
    counts += [f"{len(unsteady)} unsteady"] if unsteady else []
    counts += [f"{skipped} skipped"] if skipped else []
    print(", ".join(counts))
    sys.exit(1 if failed or not result.testsRun else 0)


if __name__ == "__main__":
    main()

"""Runs the tests of this directory or another one, all of them or those of the modules named."""

import argparse
import concurrent.futures
import faulthandler
import json
import pathlib
import subprocess
import sys
import tempfile
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


class Tally:
    """What became of tests."""

    def __init__(self, ran=0, skipped=0, failures=()):
        self.ran, self.skipped, self.failures = ran, skipped, set(failures)

    def add(self, other):
        self.ran += other.ran
        self.skipped += other.skipped
        self.failures |= other.failures

    def write(self, file):
        content = {"ran": self.ran, "skipped": self.skipped, "failures": sorted(self.failures)}
        file.write_text(json.dumps(content))

    @classmethod
    def read(cls, file):
        return cls(**json.loads(file.read_text()))


def differences(file):
    """The tests that may fail, with the reasons."""
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split(": ", 1) for line in lines)


def failures_of(result):
    """A test can fail more than once: in its parts, and again in its clean-up."""
    return {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}


def run(modules, options):
    """Runs these modules in this process."""
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in options.k] or None
    # Discovery, unlike loading by name, takes a module that cannot be imported here for a skipped test.
    tests = unittest.TestSuite(loader.discover(str(options.directory), f"{module}.py") for module in modules)
    verbosity = 2 if options.v else 1
    result = unittest.TextTestRunner(verbosity=verbosity, failfast=options.f, resultclass=Result).run(tests)
    return Tally(result.testsRun, len(result.skipped), failures_of(result))


def run_apart(modules, options):
    """Runs each module in a process of its own, several at once, and shows what they said when they have ended."""
    own = ["--directory", options.directory, *(f"-k{pattern}" for pattern in options.k), *(["-v"] if options.v else [])]
    names = sorted(file.stem for module in modules for file in options.directory.glob(f"{module}.py"))
    all_of_them = Tally()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        def run_one(name):
            file = pathlib.Path(folder, name)
            command = [sys.executable, __file__, name, "--tally", file, *own]
            output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout
            return output, Tally.read(file) if file.exists() else Tally(1, 0, [f"{name}, which did not end well"])

        tasks = {pool.submit(run_one, name): name for name in names}
        for task in concurrent.futures.as_completed(tasks):
            output, tally = task.result()
            print(f"{tasks[task]}:\n{output.decode(errors='replace')}", flush=True)
            all_of_them.add(tally)
    return all_of_them


def pass_again(failures):
    """Of these the tests that pass when they run alone."""
    names = sorted(name for name in failures if name.startswith("test_"))
    if len(failures) > MOST_CHANCES or not names:
        return set()
    print("once more:", ", ".join(names))
    runner = unittest.TextTestRunner(resultclass=Result)
    return set(names) - failures_of(runner.run(unittest.TestLoader().loadTestsFromNames(names)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="test_server, test_fuzz, ...")
    parser.add_argument("-k", action="append", default=[], metavar="PART", help="only tests with this in their names")
    parser.add_argument("-v", action="store_true", help="name each test")
    parser.add_argument("--differences", type=pathlib.Path, metavar="FILE",
                        help="tests that may fail: in each line one, a colon, the reason")
    parser.add_argument("-f", action="store_true", help="stop at the first failure")
    parser.add_argument("--directory", type=pathlib.Path, default=HERE, help="where the tests are")
    parser.add_argument("--jobs", type=int, default=1, help="so many modules at once, each in a process of its own")
    parser.add_argument("--tally", type=pathlib.Path, metavar="FILE", help="only write there what became of the tests")
    options = parser.parse_args()

    options.directory = options.directory.resolve()
    sys.path[:0] = [str(options.directory), str(HERE)]
    modules = options.modules or ["test_*"]
    if options.tally:
        run(modules, options).write(options.tally)
        return
    tally = (run_apart if options.jobs > 1 else run)(modules, options)

    may_fail = differences(options.differences) if options.differences else {}
    differ = tally.failures & may_fail.keys()
    unsteady = pass_again(tally.failures - may_fail.keys())
    failed = tally.failures - may_fail.keys() - unsteady
    for test in sorted(differ):
        print(f"differs  {test}: {may_fail[test]}")
    for test in sorted(unsteady):
        print(f"UNSTEADY {test}: failed, and passed alone")
    for test in sorted(failed):
        print(f"FAILED   {test}")
    counts = [f"{tally.ran - len(tally.failures) - tally.skipped} passed", f"{len(failed)} failed"]
    counts += [f"{len(differ)} differ"] if differ else []
    counts += [f"{len(unsteady)} unsteady"] if unsteady else []
    counts += [f"{tally.skipped} skipped"] if tally.skipped else []
    print(", ".join(counts))
    sys.exit(1 if failed or not tally.ran else 0)


if __name__ == "__main__":
    main()

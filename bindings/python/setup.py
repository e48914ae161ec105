"""What pyproject.toml cannot say: the wheel has a library of one platform in it, and serves every version of Python."""

import os
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel

PACKAGE = Path(__file__).parent / "src/stepwire"


class Package(Distribution):
    """Without a library in it the package is for all platforms, and takes the library that the system has."""

    def has_ext_modules(self):
        return any(PACKAGE.glob("libstepwire.*")) or (PACKAGE / "stepwire.dll").exists()


class Wheel(bdist_wheel):
    def get_tag(self):
        # The platform is from `cargo xtask package-bindings`, which looks at what the library needs.
        return "py3", "none", os.environ.get("STEPWIRE_WHEEL_PLATFORM") or super().get_tag()[2]


setup(cmdclass={"bdist_wheel": Wheel}, distclass=Package)

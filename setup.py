"""What of the build pyproject.toml can't name.

In the repository `cli` imports `channels`; in the wheel both lie in `rasa_handover`, and a wheel
that imported a bare `channels` would find the project's own, or nothing.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

_FOLDERS = ("actions", "channels", "cli", "emulator")
_IMPORT_OF_CHANNELS = re.compile(r"^(\s*)(from|import) channels\b", re.MULTILINE)


class BuildCli(build_py):
    """Copies the packages, and lets `cli` import the `channels` that lies beside it."""

    def run(self) -> None:
        shutil.rmtree(self.build_lib, ignore_errors=True)  # what an older version has left there
        super().run()

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        found = super().find_package_modules(package, package_dir)
        return [module for module in found if Path(module[2]).resolve() != Path(__file__).resolve()]

    def build_module(self, module: str, module_file: str, package: str) -> object:
        built = super().build_module(module, module_file, package)
        if package.startswith("rasa_handover.cli"):
            file = Path(self.get_module_outfile(self.build_lib, package.split("."), module))
            source = file.read_text(encoding="utf-8")
            rewritten = _IMPORT_OF_CHANNELS.sub(r"\1\2 rasa_handover.channels", source)
            file.write_text(rewritten, encoding="utf-8")
        return built


def _packages() -> list[str]:
    """Those of the folders that are installed, however deep they lie."""
    return find_packages(include=[*_FOLDERS, *(f"{folder}.*" for folder in _FOLDERS)])


# An older pip looks at `requires-python` after everything else.
if sys.version_info < (3, 10):  # noqa: UP036
    sys.exit(f"rasa-handover needs Python 3.10 or later, and this is {sys.version.split()[0]}.")
setup(
    packages=["rasa_handover", *(f"rasa_handover.{package}" for package in _packages())],
    cmdclass={"build_py": BuildCli},
)

"""The wheel and the sdist of the working tree, built by a setuptools of today, as pip takes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[4]
NOT_COPIED = ("__pycache__", "node_modules", "models", "build", "dist", "*.egg-info", ".*")

# rasa 3.6.21 allows no setuptools that knows today's metadata; this environment has one, and twine.
BUILD_PYTHON = str(ROOT / ".venv-build" / "bin" / "python")
_PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


def build_wheel(directory: Path, *, source: Path = ROOT) -> Path:
    """The wheel of what lies in `source`, committed or not; it is left as it was."""
    tree = directory / "tree"
    shutil.copytree(source, tree, ignore=shutil.ignore_patterns(*NOT_COPIED))
    command = (BUILD_PYTHON, *_PIP, "wheel", "--no-build-isolation", "--no-deps", "--no-index")
    subprocess.run([*command, "--wheel-dir", str(directory), str(tree)], check=True)
    (wheel,) = directory.glob("*.whl")
    return wheel


def build_sdist(directory: Path) -> Path:
    """The sdist of the working tree."""
    tree = directory / "sdist-tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*NOT_COPIED))
    program = "import sys; from setuptools.build_meta import build_sdist; build_sdist(sys.argv[1])"
    command = [BUILD_PYTHON, "-c", program, str(directory)]
    subprocess.run(command, cwd=tree, check=True, capture_output=True)
    (sdist,) = directory.glob("*.tar.gz")
    return sdist


def unpack(sdist: Path, directory: Path) -> Path:
    """The folder that an sdist unpacks to."""
    with tarfile.open(sdist) as archive:
        archive.extractall(directory / "unpacked")  # noqa: S202 (our own)
    (unpacked,) = (directory / "unpacked").iterdir()
    return unpacked


def install(wheel: Path, environment: Path) -> Path:
    """A fresh virtual environment with the wheel in it; returns its Python."""
    return _install(environment, str(wheel))


def install_editable(directory: Path) -> Path:
    """A fresh virtual environment with a copy of the working tree, as `--editable` installs it."""
    tree = directory / "editable-tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*NOT_COPIED))
    return _install(directory / "environment", "--no-build-isolation", "--editable", str(tree))


def _install(environment: Path, *what: str) -> Path:
    """Rasa and whatever else is needed comes from this environment, by way of a .pth file:
    installing it again would take minutes.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    theirs = [path for path in sys.path if Path(path).name == "site-packages"]
    (packages / "shared.pth").write_text("\n".join(theirs))
    python = environment / "bin" / "python"
    command = (BUILD_PYTHON, *_PIP, "--python", str(python), "install", "--no-deps", "--no-index")
    (newer,) = (ROOT / ".venv-build").glob("lib/python*/site-packages")
    subprocess.run([*command, *what], check=True, env={**os.environ, "PYTHONPATH": str(newer)})
    return python

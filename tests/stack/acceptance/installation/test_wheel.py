"""What is in the wheel: all that an installed plugin needs, and nothing else of the repository; and
the other ways to an installed plugin, the sdist and an editable install.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from cli.version import VERSION
from tests.stack.acceptance.installation.building import (
    BUILD_PYTHON,
    NOT_COPIED,
    ROOT,
    build_sdist,
    build_wheel,
    install_editable,
    unpack,
)

PACKAGE = "rasa_handover"
FOLDERS = ("actions", "channels", "cli", "emulator")
IMPORTED_AS = {"pystemmer": "Stemmer"}
OF_THE_PROJECT = {"rasa", "sanic"}  # what a project has: Rasa, and what it brings along
DATA_ONLY = {"tzdata"}  # zoneinfo reads it where the machine has no time zones of its own
ASSISTANT = {
    "domain.yml",
    "data/handover_nlu.yml",
    "data/handover_rules.yml",
    "examples/calm/domain.yml",
    "examples/calm/data/flows.yml",
}

pytestmark = pytest.mark.timeout(300)  # it builds, and installs


# What the sdist has besides the wheel's files: how to build it, and what setuptools leaves there.
OF_THE_BUILD = {
    *("LICENSE", "PKG-INFO", "README.md", "pyproject.toml", "setup.cfg", "setup.py"),
    *(
        f"rasa_handover.egg-info/{name}.txt"
        for name in ("SOURCES", "dependency_links", "entry_points", "requires", "top_level")
    ),
    "rasa_handover.egg-info/PKG-INFO",
}


@pytest.fixture(scope="module")
def wheel_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def wheel(wheel_file: Path) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(wheel_file) as archive:
        yield archive


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_sdist(tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return Parser().parsestr(wheel.read(name).decode())


def contents(wheel: zipfile.ZipFile) -> set[str]:
    return {name for name in wheel.namelist() if ".dist-info/" not in name}


def files_of(folder: str) -> set[str]:
    """All files of a folder of the repository but what Python leaves there."""
    paths = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in paths if path.suffix != ".pyc"}


def imported(wheel: zipfile.ZipFile) -> set[str]:
    """The top-level packages of others that the modules in the wheel import."""
    sources = [wheel.read(name) for name in contents(wheel) if name.endswith(".py")]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    named = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    named |= {str(n.module) for n in nodes if isinstance(n, ast.ImportFrom) and not n.level}
    return {name.partition(".")[0] for name in named} - {*sys.stdlib_module_names, PACKAGE}


def test_it_has_the_folders_and_the_assistants_part(wheel: zipfile.ZipFile) -> None:
    needed = ASSISTANT.union(*map(files_of, FOLDERS))
    assert contents(wheel) == {f"{PACKAGE}/{name}" for name in needed}


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_tells_that_it_has_types(wheel: zipfile.ZipFile, folder: str) -> None:
    assert f"{PACKAGE}/{folder}/py.typed" in contents(wheel)


def test_a_file_is_what_it_is_in_the_repository(wheel: zipfile.ZipFile) -> None:
    rules = wheel.read(f"{PACKAGE}/data/handover_rules.yml")
    assert rules == (ROOT / "data" / "handover_rules.yml").read_bytes()


def test_it_pulls_in_what_it_imports_but_rasa(wheel: zipfile.ZipFile, metadata: Message) -> None:
    required = metadata.get_all("Requires-Dist") or []
    names = {re.split(r"[^\w.-]", line)[0] for line in required if "extra ==" not in line}
    packages = {IMPORTED_AS.get(name, name.replace("-", "_").partition(".")[0]) for name in names}
    assert packages - DATA_ONLY == imported(wheel) - OF_THE_PROJECT


def test_it_installs_the_command(wheel: zipfile.ZipFile) -> None:
    (name,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert wheel.read(name).decode() == (
        "[console_scripts]\nrasa-handover = rasa_handover.cli.main:main\n"
    )


def test_it_has_the_version_that_the_command_tells(metadata: Message) -> None:
    assert metadata["Version"] == VERSION


def test_it_says_its_licence_and_has_the_text(wheel: zipfile.ZipFile, metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0"
    (text,) = [name for name in wheel.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
    assert wheel.read(text) == (ROOT / "LICENSE").read_bytes()


def test_it_publishes_nothing_that_only_developers_need(metadata: Message) -> None:
    names = {re.split(r"[^\w.-]", line)[0] for line in metadata.get_all("Requires-Dist") or []}
    assert names & {"pytest", "mypy", "rasa", "rasa-pro"} == set()


def test_a_package_index_would_show_it(wheel_file: Path, sdist: Path) -> None:
    command = [BUILD_PYTHON, "-m", "twine", "check", "--strict", str(wheel_file), str(sdist)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_sdist_makes_the_same_wheel(
    wheel: zipfile.ZipFile, sdist: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("again")
    again: Path = build_wheel(directory, source=unpack(sdist, directory))
    with zipfile.ZipFile(again) as archive:
        assert contents(archive) == contents(wheel)


def test_the_image_gets_all_that_the_package_is_built_from(
    wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    """The package is installed before the rest is copied, so that a change of the bot is quick."""
    before = (ROOT / "deploy" / "Dockerfile").read_text().partition("RUN pip install")[0]
    image = tmp_path / "image"
    image.mkdir()
    for name in " ".join(re.findall(r"^COPY (.*) \S+$", before, re.MULTILINE)).split():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, image / name)
    with zipfile.ZipFile(build_wheel(tmp_path, source=image)) as archive:
        assert contents(archive) == contents(wheel)


def test_the_sdist_has_what_it_is_built_from_and_no_more(
    wheel: zipfile.ZipFile, sdist: Path, tmp_path: Path
) -> None:
    unpacked = unpack(sdist, tmp_path)
    there = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    packaged = {name.removeprefix(f"{PACKAGE}/") for name in contents(wheel)}
    assert there == packaged | OF_THE_BUILD


def test_what_an_older_version_has_left_in_the_folder_is_not_installed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*NOT_COPIED, "tests", "docs"))
    (source / "build" / "lib" / PACKAGE).mkdir(parents=True)
    (source / "build" / "lib" / PACKAGE / "moved_since.py").touch()
    command = [*(BUILD_PYTHON, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps"), "."]
    subprocess.run([*command, "--wheel-dir", "wheels"], cwd=source, check=True, capture_output=True)
    (wheel,) = (source / "wheels").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert f"{PACKAGE}/moved_since.py" not in archive.namelist()


def test_an_older_python_is_refused_in_a_sentence() -> None:
    """As a pip that tries its dependencies first builds it; a newer one reads the metadata."""
    program = (
        "import runpy, sys, setuptools.command.build_py;"
        "sys.version_info, sys.version = (3, 9, 18), '3.9.18 (main)';"
        "runpy.run_path('setup.py')"
    )
    done = subprocess.run(
        [BUILD_PYTHON, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == "rasa-handover needs Python 3.10 or later, and this is 3.9.18.\n"
    assert done.returncode == 1


def test_an_editable_install_has_the_command(tmp_path_factory: pytest.TempPathFactory) -> None:
    """In a project with a folder of the same name, which is not taken for ours."""
    directory = tmp_path_factory.mktemp("editable")
    python = install_editable(directory)
    project = directory / "project"
    (project / "channels").mkdir(parents=True)
    (project / "channels" / "__init__.py").touch()
    command = [str(python), "-m", "rasa_handover.cli", "return-request", "1"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.stderr.startswith("There is no credentials.yml here.")

"""Models of assistants that tests write, each trained once while its files are the same."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from demo.stack import PROJECT, QUIET
from tests.stack.forks.forks import ForkedProcess, ForkServer

MODELS = PROJECT / "build" / "models"


async def trained_model(forks: ForkServer, files: Path) -> Path:
    """The model of the config.yml, domain.yml and data/ in a folder, where it is trained."""
    model = MODELS / f"{_digest(files)}.tar.gz"
    if not model.exists():
        training = ForkedProcess(
            "train", forks=forks, directory=files, log=files.with_name("train.log")
        )
        arguments = ("train", "--quiet", "--out", str(files), "--fixed-model-name", "trained")
        await training.start([sys.executable, "-m", "rasa", *arguments], QUIET)
        await training.succeeds()
        MODELS.mkdir(parents=True, exist_ok=True)
        part = shutil.copy(files / "trained.tar.gz", MODELS / f"{model.name}.{os.getpid()}.part")
        os.replace(part, model)  # noqa: PTH105 it is whole also for a run beside this one
    return model


def _digest(directory: Path) -> str:
    digest = hashlib.sha256(version("rasa").encode())
    for file in sorted(directory.rglob("*.yml")):
        digest.update(str(file.relative_to(directory)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]

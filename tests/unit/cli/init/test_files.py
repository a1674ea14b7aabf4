"""The files that `init` reads and writes: what it refuses, and what stays of them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.support.rasa_project import contents
from tests.unit.cli.init.init_on_project import MARK, Output, init, write


class TestFiles:
    def test_a_folder_that_is_no_project_is_told_so(self, tmp_path: Path, capsys: Output) -> None:
        assert init(tmp_path, "--yes") == 1
        printed = capsys.readouterr().err
        assert printed.startswith(f"{tmp_path} is not a Rasa project: it needs config.yml, and ")
        assert list(tmp_path.iterdir()) == []

    def test_a_file_with_a_mistake_stops_it_before_it_writes(
        self, project: Path, capsys: Output
    ) -> None:
        write(project, "credentials.yml", f"facebook:\n  secret: '{MARK}\n")
        before = contents(project)
        assert init(project, "--yes") == 1
        told = "credentials.yml can't be read: there is a mistake in its YAML in line 3. Fix it "
        printed = capsys.readouterr()
        assert printed.err.startswith(told)
        assert MARK not in printed.out + printed.err
        assert contents(project) == before

    def test_an_actions_module_with_a_mistake_is_told(self, project: Path, capsys: Output) -> None:
        write(project, "actions/handover.py", "class:\n")
        before = contents(project)
        assert init(project, "--yes") == 1
        assert capsys.readouterr().err.startswith("actions/handover.py can't be read: it is not ")
        assert contents(project) == before

    def test_a_read_only_file_is_told_and_none_is_written(
        self, project: Path, capsys: Output
    ) -> None:
        (project / "domain.yml").chmod(0o444)
        before = contents(project)
        assert init(project, "--yes") == 1
        assert "domain.yml is read-only, so nothing was written." in capsys.readouterr().err
        assert contents(project) == before

    def test_a_disk_that_fails_leaves_the_files_as_they_were(
        self, project: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        before = contents(project)
        assert init(project, "--yes") == 1
        assert "can't be written: No space left on device." in capsys.readouterr().err
        assert contents(project) == before

    def test_a_file_keeps_its_mode(self, project: Path) -> None:
        (project / "credentials.yml").chmod(0o600)
        init(project, "--yes")
        assert stat.S_IMODE((project / "credentials.yml").stat().st_mode) == 0o600

    def test_a_link_stays_a_link(self, project: Path, tmp_path: Path) -> None:
        real = (project / "credentials.yml").rename(tmp_path / "elsewhere.yml")
        (project / "credentials.yml").symlink_to(real)
        init(project, "--yes")
        assert (project / "credentials.yml").is_symlink()
        assert b"MessengerInput" in real.read_bytes()

    def test_bytes_that_are_no_utf_8_stay_and_can_be_shown(
        self, project: Path, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        (project / "actions" / "__init__.py").unlink()
        text = b"# -*- coding: latin-1 -*-\nNAME = 'J\xfcrgen'\n"
        (project / "actions.py").write_bytes(text)
        assert init(project, "--yes") == 0
        assert (project / "actions.py").read_bytes().startswith(text)
        assert b"J?rgen" in capsysbinary.readouterr().out

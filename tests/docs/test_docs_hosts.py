"""*Works with* names the versions that are locked, and so tested."""

from __future__ import annotations

import re

from tests.support.documents import ROOT, table

LOCKS = {
    "rasa 3.6.21": "requirements.lock",
    "Rasa Pro 3.21.0": "requirements-rasa-pro-3.21.lock",
    "Rasa Pro 3.19.9": "requirements-rasa-pro-3.19.lock",
}
LIBRARIES = ("sanic", "sqlalchemy", "aiohttp")


def locked(lock: str) -> dict[str, str]:
    found = re.findall(r"^([\w-]+)==([\w.]+)", (ROOT / lock).read_text(), re.MULTILINE)
    return dict(found)


def test_each_host_has_the_versions_of_its_lock() -> None:
    rows = {row[0]: row[2:5] for row in table("docs/works-with.md", "Works with")}
    assert LOCKS.keys() <= rows.keys()
    for host, lock in LOCKS.items():
        versions = locked(lock)
        package = "rasa" if host.startswith("rasa ") else "rasa-pro"
        assert versions[package] == host.split()[-1]
        shown = [versions[library].split(".")[:2] for library in LIBRARIES]
        assert rows[host] == [".".join(one) for one in shown]


def test_the_readme_names_the_same_hosts_and_pythons() -> None:
    rows = table("docs/works-with.md", "Works with")
    shown = table("README.md", "Works with")
    assert len(shown) == len(rows)
    for (short, python, _), (host, tested_on, *_) in zip(shown, rows, strict=True):
        assert host.startswith(short)
        assert python == tested_on


def test_each_host_has_the_oldest_python_that_it_is_locked_for() -> None:
    locking = "".join((ROOT / "Makefile").read_text().split("\\\n"))
    rows = {row[0]: row[1] for row in table("docs/works-with.md", "Works with")}
    for host, lock in LOCKS.items():
        found = re.search(
            rf"--python-version ([\d.]+) .*--output-file {re.escape(lock)}$", locking, re.M
        )
        assert found is not None
        assert rows[host].split()[0] == found[1]

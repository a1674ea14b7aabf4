"""Secrets are compared in a time that tells nothing about them: only by `hmac.compare_digest`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CHANNELS = Path(__file__).parents[3] / "channels"
SECRETS = {
    *("verify", "secret", "app_secret", "admin_token", "_admin_token", "page_access_token"),
    *("expected", "signature", "Authorization", "X-Hub-Signature-256"),
    *("hub.verify_token", "proof"),
}
TELLING = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
TELLING_METHODS = {"startswith", "endswith", "find", "index", "count", "__eq__", "removeprefix"}
GUARDS = {
    "operators/api.py": "_is_authorised",
    "webhook/receiver.py": "handshake",
    "core/meta/app_secret.py": "check_signature",
}


def names(node: ast.AST) -> set[str]:
    """All names, attributes and texts that an expression is made of."""
    found = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found.add(part.id)
        if isinstance(part, ast.Attribute):
            found.add(part.attr)
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.add(part.value)
    return found


def telling_comparisons(tree: ast.AST) -> Iterator[ast.AST]:
    """What compares two values step by step, and so takes longer the more of them is the same."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, TELLING) for op in node.ops):
            yield node
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in TELLING_METHODS:
            yield node


def offences(source: str) -> list[str]:
    tree = ast.parse(source)
    return [ast.unparse(one) for one in telling_comparisons(tree) if names(one) & SECRETS]


def functions(module: str) -> dict[str, ast.AST]:
    tree = ast.parse((CHANNELS / module).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name: node for node in ast.walk(tree) if isinstance(node, kinds)}


def test_no_secret_is_compared_in_any_other_way() -> None:
    files = list(CHANNELS.rglob("*.py"))
    assert len(files) > 80
    found = {file.name: offences(file.read_text(encoding="utf-8")) for file in files}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(("module", "guard"), sorted(GUARDS.items()))
def test_each_guard_compares_digests(module: str, guard: str) -> None:
    calls = [ast.unparse(node) for node in ast.walk(functions(module)[guard])]
    assert "hmac.compare_digest" in calls


@pytest.mark.parametrize(
    "source",
    [
        "token == f'Bearer {self._admin_token}'",
        "token not in (settings.verify,)",
        "request.headers.get('Authorization') != wanted",
        "digest.startswith(expected)",
    ],
)
def test_another_comparison_would_be_found(source: str) -> None:
    assert offences(source) == [source]

"""axe looks at a page: what a screen reader or an eye would stumble over.

axe-core is one of the packages of `make clients`. It reaches a page through the debugger, so that
no Content-Security-Policy has to let it in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "clients" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
FEWEST_RULES = 15  # that find something to look at on any page of ours
# Of what passes only the number comes back: to name each element of it is four fifths of the work.
LOOK = """
async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return { passed: found.passes.length, violations: found.violations };
}
"""


async def stumbles(page: Page, *, impacts: tuple[str, ...] = SERIOUS) -> list[str]:
    """What axe finds on the page as it is now, a line each: its rule, and which element.

    Rules of all levels of WCAG 2.2 up to AA are tried, and axe's own best practices.
    """
    if not AXE.exists():
        pytest.fail("There is no axe-core; get it with `make clients`.")
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(AXE.read_text())
    found = await page.evaluate(LOOK)
    assert found["passed"] >= FEWEST_RULES, "axe has not looked at the page"
    return [
        _told(violation, node)
        for violation in found["violations"]
        if violation["impact"] in impacts
        for node in violation["nodes"]
    ]


def _told(violation: dict[str, Any], node: dict[str, Any]) -> str:
    return f"{violation['id']} ({violation['impact']}): {node['html'][:200]}: {violation['help']}"

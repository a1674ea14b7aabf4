"""What holds for all tiers."""

from __future__ import annotations

import os

from hypothesis import settings

# A change is judged by the same examples each time; on a developer's machine they are new ones.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("local", deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

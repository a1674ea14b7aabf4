"""What is slow to import after TensorFlow, unless it is made quick."""

from __future__ import annotations

from demo.quick_skops import import_skops

import_skops()

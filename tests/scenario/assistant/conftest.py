"""What is quick to import only before TensorFlow, which the tests here load first of all."""

from __future__ import annotations

from demo.skops_first import import_skops

import_skops()

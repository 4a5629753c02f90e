"""What holds for all tests."""

from __future__ import annotations

import sys

# As `flows.cli` does: DuckDB would look for pandas at each statement with parameters.
sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]

"""Formats code and templates, as tests/test_house.py wants them."""

import subprocess
import sys
from pathlib import Path

CODE = Path(__file__).resolve().parent.parent
TEMPLATES = sorted(map(str, CODE.glob("templates/**/*.html")))
COMMANDS = [
    ["ruff", "check", "--fix", "--quiet", "."],
    ["ruff", "format", "--quiet", "."],
    ["djade", "--target-version", "5.2", *TEMPLATES],
    ["djhtml", "--tabwidth", "2", *TEMPLATES],
]

if __name__ == "__main__":
    codes = [subprocess.run(command, cwd=CODE, check=False).returncode for command in COMMANDS]  # noqa: S603
    sys.exit(codes[0])

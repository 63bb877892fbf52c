"""Formats code and templates, as tests/test_house.py wants them."""

import subprocess
import sys
from pathlib import Path

CODE = Path(__file__).resolve().parent.parent
TEMPLATES = sorted(map(str, CODE.glob("templates/**/*.html")))
# Those in Django's own language; the readers' pages are in Jinja2.
OF_DJANGO = sorted(
    str(path)
    for room in ("admin", "desk", "newsletter/email")
    for path in CODE.glob(f"templates/{room}/**/*.html")
)
COMMANDS = [
    ["ruff", "check", "--fix", "--quiet", "."],
    ["ruff", "format", "--quiet", "."],
    ["djade", "--target-version", "5.2", *OF_DJANGO],
    ["djhtml", "--tabwidth", "2", *TEMPLATES],
]

if __name__ == "__main__":
    codes = [subprocess.run(command, cwd=CODE, check=False).returncode for command in COMMANDS]  # noqa: S603
    sys.exit(codes[0])

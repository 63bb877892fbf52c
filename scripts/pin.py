"""Pins the whole resolved set of dependencies in pyproject.toml: `make pins`.

uv.lock is not committed, since it names the addresses that packages were read from.
"""

import re
import subprocess
from pathlib import Path

CODE = Path(__file__).resolve().parent.parent
PYPROJECT = CODE / "pyproject.toml"
PINS = re.compile(r"^constraint-dependencies = \[\n(.*?)^\]\n", re.MULTILINE | re.DOTALL)
EXPORT = ["uv", "export", "--all-groups", "--all-extras", "--no-hashes", "--no-annotate"]


def resolved() -> list[str]:
    """Every package with its version and where it applies, as uv has resolved them."""
    told = subprocess.run(  # noqa: S603
        [*EXPORT, "--no-header", "--frozen", "--quiet"],
        cwd=CODE,
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout.splitlines()


def pin() -> None:
    write([])
    subprocess.run(["uv", "lock", "--upgrade"], cwd=CODE, check=True)  # noqa: S607
    write(resolved())
    subprocess.run(["uv", "lock"], cwd=CODE, check=True)  # noqa: S607


def write(pins: list[str]) -> None:
    lines = "".join(f'    "{pin}",\n' for pin in pins)
    text = PYPROJECT.read_text()
    PYPROJECT.write_text(
        PINS.sub(lambda _: f"constraint-dependencies = [\n{lines}]\n", text, count=1)
    )


if __name__ == "__main__":
    pin()

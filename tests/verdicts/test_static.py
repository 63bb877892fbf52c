"""One style sheet out of many, and every static file collected once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.templatetags.static import static
from django.test import Client

from verdicts import static as static_files

CSS = settings.BASE_DIR / "static" / "css"


@pytest.fixture
def own_files(settings, tmp_path: Path) -> Path:
    """A site with a few files of its own, and nowhere collected."""
    source = tmp_path / "source"
    (source / "css" / "components").mkdir(parents=True)
    (source / "css" / "site.css").write_text('@import "tokens.css";\n@import "components/a.css";\n')
    (source / "css" / "tokens.css").write_text(":root { color: red; }\n" * 100)
    (source / "css" / "components" / "a.css").write_text(".a { color: blue; }\n")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "static"
    return source


def collected_sheet() -> str:
    return static("css/site.css").removeprefix(settings.STATIC_URL)


def test_the_site_sheet_imports_every_sheet_but_the_one_for_print() -> None:
    imported = static_files.IMPORT.findall((CSS / "site.css").read_text())
    sheets = {str(path.relative_to(CSS)) for path in CSS.rglob("*.css")}

    assert len(imported) == len(set(imported))
    assert set(imported) == sheets - {"site.css", "print.css"}


def test_no_sheet_refers_to_another_file_since_its_text_moves() -> None:
    assert not [path for path in CSS.rglob("*.css") if "url(" in path.read_text()]


def test_a_reader_gets_the_imported_sheets_in_one_compressed_file(own_files: Path) -> None:
    assert static_files.collect()

    name = collected_sheet()
    sheet = Path(settings.STATIC_ROOT, name).read_text()
    assert re.fullmatch(r"css/site\.[0-9a-f]{12}\.css", name)
    assert sheet.index("color: red") < sheet.index("color: blue")
    assert "@import" not in sheet
    assert Path(settings.STATIC_ROOT, f"{name}.br").exists()
    assert Path(settings.STATIC_ROOT, f"{name}.gz").exists()


def test_unchanged_files_are_not_collected_again(own_files: Path) -> None:
    static_files.collect()
    assert not static_files.collect()

    (own_files / "css" / "components" / "a.css").write_text(".a { color: green; }\n")
    assert static_files.collect()
    assert "color: green" in Path(settings.STATIC_ROOT, collected_sheet()).read_text()


def test_where_nothing_is_collected_the_plain_files_are_linked() -> None:
    assert static("css/site.css") == "/static/css/site.css"


def test_browsers_find_the_icon_where_they_look_without_being_told(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert answer["Location"] == static("img/favicon.ico")
    assert "max-age=86400" in answer["Cache-Control"]
    assert (
        (settings.BASE_DIR / "static" / "img" / "favicon.ico").read_bytes().startswith(b"\0\0\1\0")
    )

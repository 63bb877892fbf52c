"""Synthetic data at scale."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from reviews.models import Review
from tests.factories import make_tool
from tools.models import Comparison, PricePoint, Tool

pytestmark = pytest.mark.django_db


def grow(*arguments: str) -> str:
    err = StringIO()
    call_command("grow_catalog", *arguments, stdout=StringIO(), stderr=err)
    return err.getvalue()


def test_tools_grow_with_prices_a_panel_and_comparisons():
    progress = grow("--tools", "48")

    assert Tool.objects.published().count() == 48
    assert PricePoint.objects.count() == 96
    assert Review.objects.count() == 192
    assert Comparison.objects.count() == 24
    assert "tools: 48 of 48" in progress


def test_growing_again_grows_on_top():
    grow("--tools", "13")
    grow("--tools", "13")
    make_tool("one-by-hand")

    assert Tool.objects.count() == 27


def test_real_data_is_left_alone_unless_told_otherwise():
    make_tool("heron")

    with pytest.raises(CommandError, match="--yes"):
        grow("--tools", "1")
    assert Tool.objects.count() == 1

    grow("--tools", "1", "--yes")
    assert Tool.objects.count() == 2


@pytest.mark.parametrize("arguments", [(), ("--tools", "0"), ("--tools", "-1"), ("--tools", "x")])
def test_a_senseless_number_is_one_clear_line(arguments):
    with pytest.raises(CommandError):
        grow(*arguments)

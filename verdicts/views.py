"""The readers' pages: each one loads, asks the domain once, and renders."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "verdicts/home.html")


@require_safe
def comparison_index(request: HttpRequest) -> HttpResponse:
    return render(request, "verdicts/home.html")


@require_safe
def tool_index(request: HttpRequest) -> HttpResponse:
    return render(request, "verdicts/home.html")


@require_safe
def category_index(request: HttpRequest) -> HttpResponse:
    return render(request, "verdicts/home.html")


@require_safe
def reviewer_index(request: HttpRequest) -> HttpResponse:
    return render(request, "verdicts/home.html")


@require_safe
def method(request: HttpRequest) -> HttpResponse:
    return render(request, "verdicts/home.html")

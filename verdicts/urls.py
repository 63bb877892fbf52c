"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver

from verdicts import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("compare/", views.comparison_index, name="comparison_index"),
    path("tools/", views.tool_index, name="tool_index"),
    path("categories/", views.category_index, name="category_index"),
    path("reviewers/", views.reviewer_index, name="reviewer_index"),
    path("method/", views.method, name="method"),
    path("", include("votes.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "verdicts.errors.bad_request"

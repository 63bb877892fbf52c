"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver

from verdicts import cards, corrections, feeds, sitemaps
from verdicts.desk.preview import preview
from verdicts.leaderboard import leaderboard
from verdicts.static import favicon
from verdicts.views import comparisons, front, method, tools

urlpatterns: list[URLPattern | URLResolver] = [
    path("", front.home, name="home"),
    path("compare/", comparisons.comparison_index, name="comparison_index"),
    path("compare/<slug:pair>/", comparisons.comparison_detail, name="comparison_detail"),
    path("tools/", tools.tool_index, name="tool_index"),
    path("tools/<slug:slug>/", tools.tool_detail, name="tool_detail"),
    path("categories/", tools.category_index, name="category_index"),
    path("categories/<slug:slug>/", tools.category_detail, name="category_detail"),
    path("reviewers/", method.reviewer_index, name="reviewer_index"),
    path("reviewers/<slug:slug>/", method.reviewer_detail, name="reviewer_detail"),
    path("leaderboard/", leaderboard, name="leaderboard"),
    path("search/", front.search, name="search"),
    path("cards/site.png", cards.site_card, name="site_card"),
    path("cards/<slug:pair>.png", cards.comparison_card, name="comparison_card"),
    path("feeds/comparisons.atom", feeds.feed, name="comparisons_feed"),
    path("sitemap.xml", sitemaps.sitemap, name="sitemap"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("favicon.ico", favicon, name="favicon"),
    path("method/", method.method, name="method"),
    path("corrections/", corrections.corrections, name="corrections"),
    path("feeds/corrections.atom", corrections.feed, name="corrections_feed"),
    path("preview/<str:token>/", preview, name="preview"),
    path("", include("votes.urls")),
    path("", include("newsletter.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "verdicts.errors.bad_request"

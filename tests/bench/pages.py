"""The comparison page: kept and rendered, with few tools and with many."""

from __future__ import annotations

import json

from tests.bench.harness import Goal, Stage, Target, bench, fetch, kept, ratio, run

PAIR = "/compare/gemini-2-5-flash-lite-vs-smolvlm2-turbo/"
FEW, MANY = 24, 20_000

BROTLI = {"Accept-Encoding": "br"}
# Asked for like this a page is rendered for the one who asks.
UNKEPT = {"Authorization": "none"}


@bench("queries")
def queries(stage: Stage) -> list[Goal]:
    said = run("-m", "tests.bench.counting", PAIR, environment=stage.site(tools=FEW).environment)
    found = json.loads(said.splitlines()[-1])
    return [
        Goal("queries of the comparison page, rendered", found["rendered"], most=8),
        Goal("queries of the comparison page, kept", found["kept"], most=0),
    ]


@bench("pages")
def pages(stage: Stage) -> list[Goal]:
    few, many = stage.site(tools=FEW), stage.site(tools=MANY)
    page = Target(few.url + PAIR)
    status, _, body = fetch(page)
    assert status == 200, f"{page.url} answered {status}"
    _, headers, packed = fetch(Target(page.url, BROTLI))
    same = {"BENCH_PAGE": str(kept(stage, "page.html", body))}
    same_packed = {"BENCH_PAGE": str(kept(stage, "page.html.br", packed))}
    print(f"  The page: {len(body):,} bytes, {len(packed):,} by brotli")

    rates = stage.compare(
        {
            "hello": Target(stage.serve("tests.bench.hello:application", same)),
            "hello, br": Target(stage.serve("tests.bench.hello:application", same_packed)),
            "constant view": Target(
                stage.serve("tests.bench.constant:application", few.environment | same)
            ),
            "kept, br": Target(page.url, BROTLI),
            "kept, plain": page,
            "kept, 304": Target(page.url, BROTLI | {"If-None-Match": headers["etag"]}),
            "rendered": Target(page.url, UNKEPT),
            "rendered, many tools": Target(many.url + PAIR, UNKEPT),
        }
    )
    return [
        Goal("kept, br / hello with the plain page", ratio(rates, "kept, br", "hello"), 0.5),
        Goal("kept, br / hello with the same bytes", ratio(rates, "kept, br", "hello, br"), 0.25),
        Goal("kept, plain / hello", ratio(rates, "kept, plain", "hello"), 0.35),
        Goal("kept, 304 / hello", ratio(rates, "kept, 304", "hello"), 0.45),
        Goal("rendered / constant view", ratio(rates, "rendered", "constant view"), 0.05),
        Goal(
            f"cost of rendering with {MANY:,} tools / with {FEW}",
            ratio(rates, "rendered", "rendered, many tools"),
            most=1.2,
        ),
        Goal("bytes of the page by brotli", len(packed), most=12_000),
    ]

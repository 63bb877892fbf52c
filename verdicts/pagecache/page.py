"""A finished page in each encoding, with the headers that make it one."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import brotli
from django.utils.http import parse_etags

from verdicts.pagecache.sharing import Environ, Headers

StartResponse = Callable[..., Any]

COMPRESSIBLE = (
    "text/",
    "application/json",
    "application/xml",
    "application/atom+xml",
    "image/svg+xml",
)
# These are written here, for each encoding.
OWN_HEADERS = {"content-encoding", "content-length", "etag", "vary"}
# Of the body, so not of an answer without one.
BODY_HEADERS = {"content-encoding", "content-length", "content-type"}


class Variant(NamedTuple):
    """The page in one encoding, ready to be sent."""

    etag: str
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class Page:
    """A rendered page: the application's headers, and a variant for each encoding."""

    headers: Headers
    variants: dict[str, Variant]

    @classmethod
    def rendered(cls, headers: Headers, body: bytes) -> Page:
        """Brotli's quality 5 costs a third of a millisecond and is within a tenth of the best."""
        bodies = {"identity": body}
        if dict(headers).get("Content-Type", "").startswith(COMPRESSIBLE):
            bodies["br"] = brotli.compress(body, mode=brotli.MODE_TEXT, quality=5)
            bodies["gzip"] = gzip.compress(body, compresslevel=6, mtime=0)
        return cls.of([pair for pair in headers if pair[0].lower() not in OWN_HEADERS], bodies)

    @classmethod
    def of(cls, headers: Headers, bodies: dict[str, bytes]) -> Page:
        digest = blake2b(bodies["identity"], digest_size=12).hexdigest()
        variants = {}
        for encoding, body in bodies.items():
            etag = f'"{digest}-{encoding}"'
            own = [("Content-Length", str(len(body))), ("ETag", etag), ("Vary", "Accept-Encoding")]
            if encoding != "identity":
                own.append(("Content-Encoding", encoding))
            variants[encoding] = Variant(etag, headers + own, body)
        return cls(headers, variants)

    @property
    def bodies(self) -> dict[str, bytes]:
        return {encoding: variant.body for encoding, variant in self.variants.items()}

    @property
    def size(self) -> int:
        return sum(len(variant.body) for variant in self.variants.values())

    def answer(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        accepted = encodings(environ.get("HTTP_ACCEPT_ENCODING", ""))
        variant = next(self.variants[name] for name in accepted if name in self.variants)
        if "HTTP_IF_NONE_MATCH" in environ and is_known(
            variant.etag, environ["HTTP_IF_NONE_MATCH"]
        ):
            told = [pair for pair in variant.headers if pair[0].lower() not in BODY_HEADERS]
            start_response("304 Not Modified", told)
            return [b""]
        start_response("200 OK", variant.headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else variant.body]


@lru_cache(maxsize=512)
def encodings(accept: str) -> tuple[str, ...]:
    """The encodings to try, best first: the reader's order, then ours; identity always is one."""
    weights: dict[str, float] = {}
    for item in accept.lower().split(","):
        name, _, parameter = item.partition(";")
        weight = re.fullmatch(r"\s*(?:q\s*=\s*([01](?:\.\d{0,3})?)\s*)?", parameter)
        if weight:
            weights[name.strip()] = float(weight[1] or 1)
    anything = weights.get("*", 0.0)
    br = weights.get("br", anything)
    gzipped = weights.get("gzip", weights.get("x-gzip", anything))
    least = weights.get("identity", 0.0)
    ranked = sorted([("br", br), ("gzip", gzipped)], key=lambda pair: -pair[1])
    return (*(name for name, weight in ranked if weight > 0 and weight >= least), "identity")


def is_known(etag: str, known: str) -> bool:
    """If-None-Match compares weakly: a proxy may have marked our tag as weak."""
    tags = parse_etags(known)
    return tags == ["*"] or etag in {tag.removeprefix("W/") for tag in tags}

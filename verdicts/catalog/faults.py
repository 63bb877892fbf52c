"""A faulty value of an entry, in an editor's words: where it stands, and what is wrong with it."""

from __future__ import annotations

from pydantic_core import ErrorDetails

from verdicts.catalog.entries import Entry, PointEntry, PricingEntry
from verdicts.catalog.problems import described, did_you_mean, quoted
from verdicts.catalog.reading import Number, Path, Switch

# The keys that may stand under a key of a tool; elsewhere entries hold no mappings.
INSIDE: dict[str, type[Entry]] = {"pricing": PricingEntry, "points": PointEntry}


def subject(path: Path) -> str:
    """'pricing, point 3, amount' for the path of a value inside an entry."""
    steps: list[str] = []
    for step in path:
        if isinstance(step, int) and steps:
            steps[-1] = f"{steps[-1].removesuffix('s')} {step + 1}"
        else:
            steps.append(str(step))
    return ", ".join(steps)


def explained(detail: ErrorDetails, shape: type[Entry]) -> str:
    """What is wrong with a value, in an editor's words."""
    context, value = detail.get("ctx", {}), detail["input"]
    match detail["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            key, known = str(detail["loc"][-1]), known_keys(detail, shape)
            return f"is an unknown key{did_you_mean(key, known)}"
        case "string_type":
            quotes = "; put it in quotes" if isinstance(value, Number | Switch) else ""
            return f"{described(value)} must be text{quotes}"
        case "string_too_short":
            return "is empty"
        case "string_too_long" | "too_long":
            longest = f"at most {context['max_length']:,}"
            if isinstance(value, str):
                return f"{quoted(value)} has {len(value):,} characters; {longest}"
            return f"holds too many; {longest}"
        case "enum":
            return f"{described(value)} is not allowed; only {allowed(context['expected'])}"
        case "list_type" | "tuple_type":
            return f"{described(value)} must be a list"
        case "model_type" | "dict_type":
            return f"{described(value)} must be a mapping"
        case _:
            return detail["msg"]


def allowed(expected: str) -> str:
    """ "'ship' or 'skip'" without the quotes."""
    return expected.replace("'", "")


def known_keys(detail: ErrorDetails, shape: type[Entry]) -> list[str]:
    outer = [step for step in detail["loc"][:-1] if isinstance(step, str)]
    return list((INSIDE[outer[-1]] if outer else shape).model_fields)

"""Every kind of page that a reader can open, by what it is for."""

PAGES = {
    "home": "/",
    "comparisons": "/compare/",
    "a category's comparisons": "/compare/?category=invented-tools",
    "the picker with a mistake": "/compare/?a=avocet-lite&b=nothing",
    "opposed, all scored": "/compare/harbour-notes-vs-quillwort/",
    "clear, with a history": "/compare/avocet-lite-vs-loupe-nano/",
    "a tie that is decided": "/compare/avocet-lite-vs-fieldglass-edge/",
    "no verdict yet": "/compare/plover-desk-vs-tidewrack/",
    "long names": "/compare/brightwell-cloud-vision-enterprise-vs-"
    "fieldglass-edge-professional-unlimited/",
    "another script": "/compare/malik-al-hazin-vs-oharas-parser/",
    "an unpublished pair": "/compare/mistle-vs-qdrant/",
    "tools": "/tools/",
    "no tool like that": "/tools/?openness=source-available&price=usage",
    "a tool with a price history": "/tools/avocet-lite/",
    "a tool nobody judged": "/tools/plover-desk/",
    "categories": "/categories/",
    "a category": "/categories/invented-tools/",
    "the panel": "/reviewers/",
    "a reviewer": "/reviewers/skeptic/",
    "method": "/method/",
    "privacy": "/privacy/",
    "forget me": "/votes/forget/",
    "a ballot as a page": "/tools/avocet-lite/vote/",
    "a pick as a page": "/compare/avocet-lite-vs-loupe-nano/pick/",
    "sign-up": "/newsletter/",
    "past issues": "/newsletter/issues/",
    "not found": "/nothing/at/all/",
}
COMPARISON = PAGES["opposed, all scored"]

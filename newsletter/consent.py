"""The words beside the sign-up box. A new wording gets a new version, and stays on record."""

VERSION = 1
WORDING = (
    "One email a week with the new verdicts, to the address you confirm. "
    "No tracking pixels, no tracked links, one press to leave, and no other use of the address."
)

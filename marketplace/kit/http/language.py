"""Which of our two languages a caller reads."""

from typing import Literal

Language = Literal["zh", "en"]


def preferred(accept_language: str | None) -> Language:
    """Pick Chinese or English from an Accept-Language header; Chinese is the default."""
    best: dict[str, float] = {}
    for part in (accept_language or "").split(","):
        tag, _, parameter = part.strip().partition(";")
        language = tag.partition("-")[0].lower()
        if language in ("zh", "en"):
            best[language] = max(best.get(language, 0.0), _quality(parameter))
    return "en" if best.get("en", 0.0) > best.get("zh", 0.0) else "zh"


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0

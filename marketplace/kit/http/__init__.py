"""HTTP without any domain: problems, strict parameters, request ids, rate limits, ETags."""

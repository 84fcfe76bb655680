"""Refusals about places and other public codes."""

import difflib
from collections.abc import Mapping

from marketplace.kit.errors import DomainError, FieldError


class UnknownCode(DomainError):
    """No such public code; ``did_you_mean`` is the nearest one, also when a Chinese or English name was given."""

    code = "unknown_code"
    status = 422
    zh = "没有代码 {value}{hint_zh}"
    en = "There is no code {value}.{hint_en}"


def unknown_code(value: str, *, parameter: str, known: Mapping[str, str]) -> UnknownCode:
    """Refuse ``value`` in the query ``parameter`` and suggest one of ``known``, which maps codes and names to codes."""
    near = difflib.get_close_matches(value.casefold(), known, n=1, cutoff=0.5)
    guess = known[near[0]] if near else None
    return UnknownCode(
        value=value,
        parameter=parameter,
        did_you_mean=guess,
        known=sorted(set(known.values())),
        hint_zh=f"，是否指 {guess}？" if guess else "",
        hint_en=f" Did you mean {guess}?" if guess else "",
        fields=(FieldError(pointer=f"?{parameter}", zh=f"没有代码 {value}", en=f"There is no code {value}"),),
    )

"""Refusals about institutions."""

from marketplace.kit.errors import DomainError


class InstitutionTaken(DomainError):
    """Another institution has this name or this unified social credit code."""

    code = "institution_taken"
    status = 409
    zh = "已有同名或同信用代码的机构"
    en = "Another institution has this name or credit code."

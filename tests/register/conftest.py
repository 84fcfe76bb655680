"""Certified institutions of the certification tests."""

from tests.certifications.conftest import (
    add_institution,
    at_now,
    certified,
    certify,
    county,
    gazetteer,
    province,
    second,
)

__all__ = ("add_institution", "at_now", "certified", "certify", "county", "gazetteer", "province", "second")

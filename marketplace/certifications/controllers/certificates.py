"""Checking a certificate: anyone, no account."""

from litestar import Controller, get
from litestar.params import FromPath

from marketplace.certifications import queries
from marketplace.certifications.schemas import CertificateView
from marketplace.kit import clock
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import SEARCH, limited


class Certificates(Controller):
    """Certificates as the public reads them."""

    path = "/v1/certificates"
    tags = ("certifications",)

    @get(
        "/{number:str}",
        operation_id="getCertificate",
        summary="Check a certificate · 查验证书",
        guards=[limited(SEARCH)],
        middleware=[ETag()],
        response_description="The certificate's standing now",
    )
    async def show(self, number: FromPath[str]) -> CertificateView:
        """Return the live status, public grade and validity of the certificate with the number on the plaque."""
        return CertificateView.of(await queries.by_number(number), now=clock.now())

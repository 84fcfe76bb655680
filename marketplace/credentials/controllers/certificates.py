"""Checking a certificate: anyone, no account."""

import asyncio
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, Template
from litestar import Controller, Request, Response, get
from litestar.enums import MediaType
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import bookable
from marketplace.credentials import operations, queries
from marketplace.credentials.errors import CertificateNotStanding
from marketplace.credentials.qr import qr_svg
from marketplace.credentials.rules import CAPS, Certificate, address_of, sign_on, status_on
from marketplace.credentials.schemas import CertificateView
from marketplace.kit import clock
from marketplace.kit.errors import NotFound
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import PRINTING, SEARCH, limited
from marketplace.kit.http.problems import refusals
from marketplace.settings import settings

VC_JWT = "application/vc+jwt"
PDF = "application/pdf"
# One print at a time: it is a second of a processor, and what was printed before is remembered.
_press = asyncio.Lock()
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


class Certificates(Controller):
    """Certificates as the public reads them."""

    path = "/v1/certificates"
    tags = ("certificates",)

    @get(
        "/{number:str}",
        operation_id="getCertificate",
        summary="Check a certificate · 查验证书",
        guards=[limited(SEARCH)],
        middleware=[ETag()],
        responses={
            200: ResponseSpec(
                CertificateView, generate_examples=False, description="JSON, or a page when Accept prefers HTML."
            ),
            **refusals(NotFound),
        },
    )
    async def show(
        self, request: Request[Any, Any, Any], number: FromPath[str]
    ) -> Response[CertificateView] | Response[str]:
        """Return the live standing of the certificate with the number on the plaque: JSON, or a page for browsers.

        The QR code on the plaque opens the page.
        """
        now = clock.now()
        found = await queries.certificate(number)
        shown = CertificateView.of(found, policy=await policy_on(clock.local_date(now)), now=now)
        if request.accept.best_match([MediaType.JSON, MediaType.HTML]) != MediaType.HTML:
            return Response(shown, media_type=MediaType.JSON)
        return Response(
            _rendered(found, shown, now=now),
            media_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": PAGE_POLICY},
        )

    @get(
        "/{number:str}/credential",
        operation_id="getCredential",
        summary="Take the signed certificate · 签名凭证",
        guards=[limited(SEARCH)],
        media_type=VC_JWT,
        response_description="A Verifiable Credential 2.0 as vc+jwt (ES256)",
    )
    async def credential(self, number: FromPath[str]) -> str:
        """Return the certificate as a signed credential, to be verified with ``/.well-known/did.json`` alone.

        Whether it is revoked or suspended is in the two status lists that it names.
        """
        return await operations.issue(number, public_url=settings().public_url, now=clock.now())

    @get(
        "/{number:str}/plaque.pdf",
        operation_id="printPlaque",
        summary="Print the certificate and the plaque · 打印证书与牌匾",
        guards=[limited(PRINTING)],
        media_type=PDF,
        responses=refusals(CertificateNotStanding),
        response_description="A certificate and a plaque on two pages, each with the QR code of the live page",
    )
    async def print_plaque(self, number: FromPath[str]) -> Response[bytes]:
        """Return a PDF to print; of a certificate that does not stand there is none."""
        found = await queries.certificate(number)
        status = status_on(found, clock.local_date(clock.now()))
        if not bookable(status, safety_defect=found.safety_defect):
            raise CertificateNotStanding(certificate_status=status)
        async with _press:
            body = await asyncio.to_thread(_printed, found, address_of(found.number, public_url=settings().public_url))
        headers = {"Content-Disposition": f'inline; filename="{found.number}.pdf"'}
        return Response(body, media_type=PDF, headers=headers)


def _printed(found: Certificate, page: str) -> bytes:
    from marketplace.credentials import paper  # noqa: PLC0415 - it loads a font machine, for the few who ever print.

    names = paper.PrintedFacts.__struct_fields__
    return paper.printed(paper.PrintedFacts(page=page, **{n: getattr(found, n) for n in names if n != "page"}))


def _rendered(found: Certificate, shown: CertificateView, *, now: datetime) -> str:
    today = clock.local_date(now)
    return _page().render(
        found=shown,
        cap=CAPS[shown.grade_cap] if shown.grade_cap else None,
        sign=sign_on(found, today),
        since=clock.local_date(found.status_since),
        checked=now.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        qr=qr_svg(address_of(found.number, public_url=settings().public_url)),
    )


@cache
def _page() -> Template:
    return Environment(loader=PackageLoader("marketplace.credentials", "pages"), autoescape=True).get_template(
        "certificate.html"
    )

"""Paper: a certificate (A4) and a plaque (A4, across) as one PDF, with the QR code that opens the live page.

The font is embedded, of which only the characters that are used: the paper looks the same wherever it is printed.
This module is slow to load, and few ever print: it is imported when somebody does.
"""

from datetime import date
from functools import lru_cache
from io import BytesIO

import msgspec
from fpdf import FPDF
from pylopdf_fonts_zh_cn import sans_path

from marketplace.credentials.qr import qr_code
from marketplace.kit import clock

_GREEN = (22, 101, 52)
_GREY = (75, 85, 99)


class PrintedFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed: only what holds until the certificate ends, so never its grade."""

    number: str
    plaque_text: str
    institution_name: str
    institution_name_en: str
    address: str
    valid_from_on: date
    valid_until_on: date
    page: str


@lru_cache(maxsize=64)
def printed(facts: PrintedFacts) -> bytes:
    """Return the PDF; it takes most of a second of a processor, so it is called in a thread and remembered."""
    pdf = FPDF(format="A4")
    pdf.set_title(f"旅居养老机构认定证书 {facts.number}")
    pdf.set_lang("zh-CN")
    # The same certificate is the same file, whenever it is printed.
    pdf.set_creation_date(clock.local_midnight(facts.valid_from_on))
    pdf.add_font("sans", "", str(sans_path()))
    image = BytesIO()
    qr_code(facts.page).save(image, kind="png", scale=10, border=4)
    _certificate(pdf, facts, image)
    _plaque(pdf, facts, image)
    return bytes(pdf.output())


def _certificate(pdf: FPDF, facts: PrintedFacts, image: BytesIO) -> None:
    pdf.add_page()
    _frame(pdf, 210, 297)
    _line(pdf, 45, 34, "旅居养老机构认定证书", _GREEN)
    _line(pdf, 60, 14, "Certificate of Sojourn Care Institution", _GREY)
    _line(pdf, 95, 24, facts.institution_name)
    _line(pdf, 108, 12, facts.institution_name_en, _GREY)
    _line(pdf, 125, 12, facts.address)
    _line(pdf, 150, 16, f"证书编号 No. {facts.number}")
    _line(pdf, 162, 13, f"有效期 Valid {facts.valid_from_on} 至 to {facts.valid_until_on}")
    pdf.image(image, x=85, y=185, w=40, h=40, alt_text=facts.page)
    _line(pdf, 232, 11, "扫码查验实时状态，以网页显示为准", _GREY)
    _line(pdf, 239, 9, "Scan for the live status, which prevails over this paper", _GREY)
    _line(pdf, 246, 8, facts.page, _GREY)


def _plaque(pdf: FPDF, facts: PrintedFacts, image: BytesIO) -> None:
    pdf.add_page(orientation="landscape")
    _frame(pdf, 297, 210)
    _line(pdf, 45, 54, facts.plaque_text, _GREEN)
    _line(pdf, 70, 18, "Certified Sojourn Care Institution", _GREY)
    _line(pdf, 95, 26, facts.institution_name)
    _line(pdf, 115, 14, f"No. {facts.number}", _GREY)
    pdf.image(image, x=126, y=132, w=45, h=45, alt_text=facts.page)
    _line(pdf, 180, 12, "扫码查验实时状态 · Scan for the live status", _GREY)


def _frame(pdf: FPDF, width: float, height: float) -> None:
    pdf.set_draw_color(*_GREEN)
    pdf.set_line_width(1.2)
    pdf.rect(10, 10, width - 20, height - 20)


def _line(pdf: FPDF, y: float, size: float, text: str, colour: tuple[int, int, int] = (0, 0, 0)) -> None:
    """Write one centred line at ``y`` mm, smaller when it would not fit between the margins."""
    pdf.set_font("sans", size=size)
    room = pdf.w - 30
    if (needed := pdf.get_string_width(text)) > room:
        pdf.set_font("sans", size=size * room / needed)
    pdf.set_text_color(*colour)
    pdf.set_xy(15, y)
    pdf.cell(w=room, text=text, align="C")

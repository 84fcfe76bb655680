"""What people see: the page behind the QR code, the paper that carries it, and the commands that verify offline."""

import json
import re
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pypdfium2
import pytest
import zxingcpp
from click.testing import CliRunner

from marketplace.certifications import operations as certifications
from marketplace.certifications.rules import GradeCap, SignalKind
from marketplace.credentials.commands import certificates
from marketplace.credentials.qr import QR_VERSION_MAX, qr_code
from marketplace.credentials.rules import CAPS
from marketplace.kit import clock
from marketplace.kit.ids import new_id
from tests.certifications.conftest import NOW
from tests.credentials.test_credentials import revoke, tokens

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


async def page_of(client, number: str):
    answer = await client.get(f"/v1/certificates/{number}", headers=HTML)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    return answer


async def test_the_page_says_the_standing_in_words_colour_and_shape(
    client, certified, county, province, second, at_now
):
    def seen(html: str) -> tuple[str, ...]:
        standing = re.search(
            r'<section class="standing (\w+)".*?>(\S)</span>.*?<span lang="en">([^<]+)<', html, re.DOTALL
        )
        return standing[2], standing[3], standing[1]

    valid = await page_of(client, certified.number)
    assert "有效" in valid.text
    assert seen(valid.text) == ("✓", "Valid", "good")
    assert "松江河康养院（示例）" in valid.text
    assert "Songjianghe Care House" in valid.text
    assert "<svg" in valid.text
    assert "@media print" in valid.text
    await certifications.suspend(certification_id=certified.id, reason="停业整顿", actor=county, now=NOW)
    suspended = await page_of(client, certified.number)
    assert seen(suspended.text) == ("‖", "Suspended", "bad")
    assert "停业整顿" in suspended.text
    await revoke(certified.id, province, second, now=NOW)
    assert seen((await page_of(client, certified.number)).text) == ("✕", "Revoked", "bad")


async def test_a_grade_that_is_not_shown_or_capped_says_why(client, certified, at_now) -> None:
    await certifications.signal(
        institution_id=certified.institution_id, kind=SignalKind.CONFIRMED_ABUSE, subject_id=new_id(), now=NOW
    )
    assert "1 / 5：查实侵害老年人" in (await page_of(client, certified.number)).text
    clock.travel(NOW + timedelta(days=400) - datetime.now(UTC))
    assert "评估已超过一年" in (await page_of(client, certified.number)).text
    assert set(CAPS) == set(GradeCap)


async def test_the_page_names_nobody_and_loads_nothing(client, certified, sign_in_names, at_now) -> None:
    answer = await page_of(client, certified.number)
    policy = answer.headers["content-security-policy"]

    assert policy.startswith("default-src 'none'")
    assert "script" not in answer.text
    assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", "")
    for name in sign_in_names:
        assert name not in answer.text
    assert str(certified.id) not in answer.text


@pytest.fixture
def sign_in_names(province, county) -> list[str]:
    return [province.id.hex, county.id.hex, str(province.id), "王处长"]


async def test_a_certificate_past_its_last_day_has_expired_whether_or_not_that_was_written_down(client, certified):
    clock.travel(NOW + timedelta(days=1200) - clock.now())

    assert "已过期" in (await page_of(client, certified.number)).text
    record = (await client.get(f"/v1/certificates/{certified.number}")).json()
    assert (record["status"], record["bookable"], record["grade"]) == ("expired", False, None)


async def test_the_paper_shows_chinese_on_any_machine_and_its_qr_opens_the_page(client, certified, at_now) -> None:
    answer = await client.get(f"/v1/certificates/{certified.number}/plaque.pdf")
    paper = pypdfium2.PdfDocument(answer.content)

    assert answer.headers["content-type"] == "application/pdf"
    assert len(paper) == 2
    assert b"/FontFile3" in answer.content
    assert len(answer.content) < 200_000
    for sheet in paper:
        text = sheet.get_textpage().get_text_range()
        assert "旅居养老" in text
        assert "松江河康养院（示例）" in text
        assert certified.number in text
        [code] = zxingcpp.read_barcodes(sheet.render(scale=2).to_pil())
        assert code.text == f"http://127.0.0.1:8000/v1/certificates/{certified.number}"
    page = await client.get(code.text.removeprefix("http://127.0.0.1:8000"), headers=HTML)
    assert certified.number in page.text


async def test_no_plaque_is_printed_of_what_does_not_stand(client, certified, county, at_now) -> None:
    await certifications.suspend(certification_id=certified.id, reason="停业", actor=county, now=NOW)
    answer = await client.get(f"/v1/certificates/{certified.number}/plaque.pdf")

    assert (answer.status_code, answer.json()["code"]) == (409, "certificate_not_standing")
    assert answer.json()["certificate_status"] == "suspended"


def test_the_qr_code_stays_small_however_long_the_host_name() -> None:
    short = qr_code("https://houniao.example/v1/certificates/JLLJ-2026-00001")
    long = qr_code(f"https://{'a' * 63}.example.gov.cn/v1/certificates/JLLJ-2026-00001")

    assert int(short.version) <= QR_VERSION_MAX
    assert int(long.version) <= QR_VERSION_MAX
    with pytest.raises(ValueError, match="too long"):
        qr_code("https://" + "a" * 140)


async def test_the_command_verifies_a_folder_without_any_network(client, certified, tmp_path, at_now) -> None:
    token, keys, lists = await tokens(client, certified.number)
    (tmp_path / "credential.jwt").write_text(token)
    (tmp_path / "did.json").write_text(json.dumps(keys))
    for number, text in enumerate(lists):
        (tmp_path / f"status-list-{number}.jwt").write_text(text)
    at = ["--at", NOW.strftime("%Y-%m-%dT%H:%M:%SZ")]

    good = CliRunner().invoke(certificates, ["verify", str(tmp_path), *at])
    assert good.exit_code == 0, good.output
    assert good.output.startswith("✔ valid")
    assert "松江河康养院（示例）" in good.output

    (tmp_path / "credential.jwt").write_text(token[:-8] + "AAAAAAAA")
    bad = CliRunner().invoke(certificates, ["verify", str(tmp_path), "--json", *at])
    assert bad.exit_code == 1
    assert json.loads(bad.output)["outcome"] == "forged"
    assert json.loads(bad.output)["subject"] is None

    (tmp_path / "credential.jwt").unlink()
    missing = CliRunner().invoke(certificates, ["verify", str(tmp_path), *at])
    assert missing.exit_code == 1
    assert "credential.jwt cannot be read" in missing.output


async def test_a_folder_is_fetched_once_and_verified_without_the_network(
    client, certified, tmp_path, monkeypatch, at_now
) -> None:
    token, keys, lists = await tokens(client, certified.number)
    served = {
        f"/v1/certificates/{certified.number}/credential": token,
        "/.well-known/did.json": json.dumps(keys),
        "/v1/status-lists/revocation-1": lists[0],
        "/v1/status-lists/suspension-1": lists[1],
    }
    reached = httpx.MockTransport(
        lambda request: httpx.Response(200 if request.url.path in served else 404, text=served.get(request.url.path))
    )
    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=reached))
    where = ["--from", "https://houniao.example", "--to", str(tmp_path / "kept")]

    fetched = CliRunner().invoke(certificates, ["fetch", certified.number, *where])
    assert fetched.exit_code == 0, fetched.output
    at = ["--at", NOW.strftime("%Y-%m-%dT%H:%M:%SZ")]
    good = CliRunner().invoke(certificates, ["verify", str(tmp_path / "kept"), *at])
    assert (good.exit_code, good.output.splitlines()[0][:7]) == (0, "✔ valid")
    missing = CliRunner().invoke(certificates, ["fetch", "JLLJ-2027-99999", *where])
    assert missing.exit_code == 1
    assert "answered 404" in missing.output

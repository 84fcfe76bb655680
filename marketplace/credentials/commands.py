"""`marketplace certificates …`: verifying a certificate on a machine that asks nobody."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import rich_click as click

CREDENTIAL = "credential.jwt"
DID_DOCUMENT = "did.json"
LISTS = "status-list-*.jwt"


@click.group()
def certificates() -> None:
    """Verify certificates without asking anybody."""


@certificates.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%SZ"]),
    help="Judge as of this instant; without it as of now.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def verify(*, folder: Path, at: datetime | None, as_json: bool) -> None:
    """Verify the certificate in FOLDER, which `fetch` filled; ends with 1 unless it is valid.

    FOLDER holds credential.jwt, did.json (the issuer's keys) and the status lists; nothing is asked of any network.
    """
    from marketplace.credentials.rules import Outcome
    from marketplace.credentials.rules import verify as judge

    verdict = judge(
        _text(folder / CREDENTIAL),
        keys=json.loads(_text(folder / DID_DOCUMENT)),
        status_lists=[_text(path) for path in sorted(folder.glob(LISTS))],
        now=at.replace(tzinfo=at.tzinfo or UTC) if at else datetime.now(UTC),
    )
    subject = (verdict.credential or {}).get("credentialSubject", {})
    if as_json:
        shown = {"outcome": verdict.outcome, "because": verdict.because, "subject": subject or None}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        mark = "✔" if verdict.outcome is Outcome.VALID else "✘"
        click.echo(f"{mark} {verdict.outcome}: {verdict.because}")
        if subject:
            click.echo(f"  {subject['certificateNumber']}  {subject['name']}")
    sys.exit(0 if verdict.outcome is Outcome.VALID else 1)


@certificates.command()
@click.argument("number")
@click.option("--from", "origin", required=True, help="Where the register is, such as https://houniao.example.")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path))
def fetch(*, number: str, origin: str, folder: Path) -> None:
    """Fetch a certificate, its issuer's keys and its status lists into a folder, to be verified later."""
    import httpx
    from joserfc import jws

    folder.mkdir(parents=True, exist_ok=True)
    with httpx.Client(base_url=origin, timeout=10) as client:

        def save(path: str, name: str) -> str:
            answer = client.get(path)
            if answer.status_code != 200:
                raise click.ClickException(f"{path} answered {answer.status_code}")
            (folder / name).write_text(answer.text, encoding="utf-8")
            return answer.text

        token = save(f"/v1/certificates/{number}/credential", CREDENTIAL)
        save("/.well-known/did.json", DID_DOCUMENT)
        for entry in json.loads(jws.extract_compact(token.encode()).payload)["credentialStatus"]:
            name = entry["statusListCredential"].rpartition("/")[2]
            save(f"/v1/status-lists/{name}", f"status-list-{name}.jwt")
    click.echo(f"✔ {folder}")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path.name} cannot be read: {error.strerror}") from None

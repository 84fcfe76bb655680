"""How the story is told: callers who sign in as anyone would, and steps that are read back before they are claimed."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from marketplace.kit.clock import local_date, local_time
from seed.logins import Officer, Partner, Staff

T = TypeVar("T")
Json = dict[str, Any]
PATIENCE_S = 90.0


async def until(
    ask: Callable[[], Awaitable[T]], holds: Callable[[T], bool], what: str, *, patience_s: float = PATIENCE_S
) -> T:
    """Ask again until the answer holds; a claim that does not come true in time ends the story."""
    deadline = time.monotonic() + patience_s
    while True:
        answer = await ask()
        if holds(answer):
            return answer
        if time.monotonic() > deadline:
            raise SystemExit(f"✘ waited {patience_s:.0f} s in vain: {what}")
        await asyncio.sleep(0.3)


async def persistent(send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Send a request again while the service is away, as a client with an idempotency key may."""

    async def attempt() -> httpx.Response | None:
        try:
            answer = await send()
        except httpx.TransportError:
            return None
        return None if answer.status_code in (429, 503) or _retryable(answer) else answer

    answer = await until(attempt, lambda found: found is not None, "the API answers")
    assert answer is not None
    return answer


def _retryable(answer: httpx.Response) -> bool:
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return is_problem and bool(answer.json().get("retryable"))


@dataclass
class Caller:
    """Someone signed in."""

    http: httpx.AsyncClient
    token: str
    address: str = ""
    institution_id: str | None = None

    async def get(self, path: str, **query: Any) -> Json:
        """Read; anything but 200 ends the story."""
        answer = await persistent(lambda: self.http.get(path, params=query, headers=self._headers()))
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        found: Json = answer.json()
        return found

    async def all(self, path: str, **query: Any) -> list[Json]:
        """Read every page of a list."""
        items: list[Json] = []
        cursor: str | None = None
        while True:
            page = await self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    async def send(self, path: str, body: Json | None = None, *, key: str | None = None) -> httpx.Response:
        """Post, again while the service is away."""
        headers = self._headers() | ({"Idempotency-Key": key} if key else {})
        return await persistent(lambda: self.http.post(path, json=body, headers=headers))

    async def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        """Post; a refusal ends the story."""
        answer = await self.send(path, body, key=key)
        assert answer.status_code in (200, 201, 202), f"POST {path}: {answer.status_code} {answer.text}"
        found: Json = answer.json()
        return found

    async def refused(self, status: int, path: str, body: Json | None = None) -> Json:
        """Post what must be refused, and return the problem."""
        answer = await self.send(path, body)
        assert answer.status_code == status, f"POST {path}: {answer.status_code} {answer.text}"
        found: Json = answer.json()
        return found

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


@dataclass
class Story(Caller):
    """The narrator, who is a stranger to the API, and the steps that several chapters share."""

    claims: int = 0
    staffed: set[str] = field(default_factory=set)

    @classmethod
    @asynccontextmanager
    async def open(cls, *, api: str) -> AsyncIterator["Story"]:
        """Begin a story against one API."""
        async with httpx.AsyncClient(base_url=api, timeout=20, trust_env=False) as http:
            yield cls(http=http, token="")

    def chapter(self, title: str) -> None:
        """Print a heading."""
        print(f"\n— {title}", flush=True)

    def tell(self, text: str) -> None:
        """Print what has been read back."""
        self.claims += 1
        print(f"  ✔ {text}", flush=True)

    def end(self, text: str) -> None:
        """Print the last line."""
        print(f"\n✔ {text}", flush=True)

    async def move_past(self, day: str) -> None:
        """Move the clock of the whole system past the last day of a period; staff sign in anew after it."""
        now = datetime.fromisoformat((await self.get("/_dev/clock"))["now"])
        target = local_time(date.fromisoformat(day) + timedelta(days=1), hour=9)
        await self.post("/_dev/clock", {"advance_seconds": int((target - now).total_seconds()) + 1})

    async def family(self, phone: str) -> Caller:
        """Sign a family in with the code of the SMS that was sent for this request."""
        before = {item["id"] for item in await self.codes(phone)}
        request = await self.post("/v1/session-codes", {"phone": phone})

        async def fresh() -> list[Json]:
            return [item for item in await self.codes(phone) if item["id"] not in before]

        sent = (await until(fresh, bool, f"a code for {phone}"))[0]
        session = await self.post("/v1/sessions", {"request_id": request["request_id"], "code": sent["code"]})
        return Caller(self.http, session["token"], address=phone)

    async def codes(self, phone: str) -> list[Json]:
        """List the one-time codes sent to a telephone, the newest first."""
        return [item for item in (await self.get("/_dev/outbox", to=phone))["items"] if item.get("code")]

    async def staff(self, login: Staff) -> Caller:
        """Sign an institution's staff in."""
        return await self._by_password(login.email, login.password)

    async def officer(self, login: Officer) -> Caller:
        """Sign an officer in."""
        return await self._by_password(login.email, login.password)

    async def _by_password(self, email: str, password: str) -> Caller:
        session = await self.post("/v1/sessions", {"email": email, "password": password})
        institution_id = session["principal"].get("institution_id")
        if institution_id:
            self.staffed.add(institution_id)
        return Caller(self.http, session["token"], address=email, institution_id=institution_id)

    async def partner(self, login: Partner) -> Caller:
        """Get a partner's token."""
        form = {
            "grant_type": "client_credentials",
            "client_id": login.client_id,
            "client_secret": login.client_secret,
        }
        answer = await persistent(lambda: self.http.post("/oauth/token", data=form))
        assert answer.status_code == 200, answer.text
        return Caller(self.http, answer.json()["access_token"])

    async def offer(  # noqa: PLR0913 - a wish is these facts.
        self,
        caller: Caller,
        *,
        first: int,
        nights: int,
        guests: int,
        institution_id: str | None = None,
        keep_away_from_staff: bool = False,
    ) -> Json:
        """Quote the first room that takes the party: days are counted from today."""
        today = local_date(datetime.fromisoformat((await self.get("/_dev/clock"))["now"]))
        wish = {
            "check_in": (today + timedelta(days=first)).isoformat(),
            "check_out": (today + timedelta(days=first + nights)).isoformat(),
            "guest_count": guests,
        }
        for institution in await self.all("/v1/institutions", limit=100):
            if institution_id not in (None, institution["id"]):
                continue
            if keep_away_from_staff and institution["id"] in self.staffed:
                continue
            for room in institution["room_types"]:
                answer = await caller.send("/v1/quotes", wish | {"room_type_id": room["id"]})
                if answer.status_code == 201:
                    found: Json = answer.json()
                    return found
        raise SystemExit("✘ no institution has a room for the party")

    async def book(self, caller: Caller, offer: Json, **extra: str) -> Json:
        """Turn a quote into a booking on hold."""
        return await caller.post("/v1/bookings", _booking(caller, offer, **extra), key=uuid4().hex)

    async def book_twice(self, caller: Caller, offer: Json) -> tuple[Json, str | None]:
        """Send the same POST twice; returns the booking and what the second said of being a replay."""
        body, key = _booking(caller, offer), uuid4().hex
        first, second = (
            await caller.post("/v1/bookings", body, key=key),
            await caller.send("/v1/bookings", body, key=key),
        )
        assert second.json() == first
        return first, second.headers.get("idempotent-replayed")

    async def pay(self, caller: Caller, booking: Json, *, method: str) -> Json:
        """Pay the due leg on the provider's page and wait until the webhook has confirmed the booking."""
        body = {"leg": booking["payable_leg"], "method": method}
        payment = await caller.post(f"/v1/bookings/{booking['id']}/payments", body, key=uuid4().hex)
        form = {"method": method, "outcome": "succeed"}
        answer = await persistent(lambda: self.http.post(payment["checkout_url"], data=form))
        assert answer.status_code == 303, answer.text
        return await until(
            lambda: caller.get(f"/v1/bookings/{booking['id']}"),
            lambda found: found["status"] == "confirmed",
            f"{booking['id']} is confirmed",
        )

    async def refunded(self, caller: Caller, booking: Json, amount: int) -> Json:
        """Wait until the provider has given ``amount`` back."""
        return await until(
            lambda: caller.get(f"/v1/bookings/{booking['id']}"),
            lambda found: found["refunded"]["amount"] == amount,
            f"{booking['id']} is refunded",
        )

    async def message(self, to: str, template: str, *, since: str) -> str:
        """Wait for a message of one template to one address, and return its text."""

        async def newest() -> str | None:
            items = (await self.get("/_dev/outbox", to=to))["items"]
            texts = [item["text"] for item in items if item["template"] == template and item["sent_at"] >= since]
            return texts[0] if texts else None

        found = await until(newest, lambda text: text is not None, f"{template} to {to}")
        assert found is not None
        return found

    async def message_to_any(self, phones: Sequence[str], template: str) -> str:
        """Wait for a message of one template to any of these telephones, and return its text."""

        async def texts() -> list[str]:
            found = [item for phone in phones for item in (await self.get("/_dev/outbox", to=phone))["items"]]
            return [item["text"] for item in found if item["template"] == template]

        return (await until(texts, bool, f"{template} to one of the families"))[0]

    async def cursor(self, partner: Caller) -> str | None:
        """Return the end of the partner's feed."""
        cursor: str | None = None
        while True:
            page = await partner.get("/v1/events", limit=100, **({"after": cursor} if cursor else {}))
            cursor = page["next_cursor"] or cursor
            if not page["items"]:
                return cursor

    async def feed(self, partner: Caller, after: str | None, *, until_kind: str, booking_id: str) -> list[str]:
        """Read the feed until an event of ``until_kind`` has come, and return the kinds about one booking."""

        async def kinds() -> list[str]:
            page = await partner.get("/v1/events", limit=100, **({"after": after} if after else {}))
            return [item["type"] for item in page["items"] if item["data"].get("booking_id") == booking_id]

        return await until(kinds, lambda found: until_kind in found, f"{until_kind} in the feed")


def _booking(caller: Caller, offer: Json, **extra: str) -> Json:
    guests = [{"name": name} for name in ("王秀英", "李建国")[: offer["guest_count"]]]
    contact = {"name": "李娜", "phone": caller.address or "+8613800000009"}
    return {"quote_id": offer["id"], "guests": guests, "contact": contact, **extra}

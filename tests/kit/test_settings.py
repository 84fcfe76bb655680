import base64

import pytest

from marketplace.settings import Settings, SettingsError, read

GOOD = {
    "MARKETPLACE_ENV": "development",
    "DATABASE_URL": "postgresql://u:p@127.0.0.1:5432/d",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "SECRET_KEY": base64.b64encode(bytes(32)).decode(),
    "PUBLIC_URL": "http://127.0.0.1:8000/",
    "STRIPE_API_KEY": "sk_test_1",
    "STRIPE_API_BASE": "http://127.0.0.1:8420",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
}


def test_a_complete_environment_is_read() -> None:
    found = read(GOOD)

    assert isinstance(found, Settings)
    assert found.public_url == "http://127.0.0.1:8000"
    assert found.is_development


def test_every_mistake_is_named_at_once_with_its_remedy() -> None:
    with pytest.raises(SettingsError) as refusal:
        read({"DATABASE_URL": "mysql://x", "SECRET_KEY": "short"})

    text = str(refusal.value)
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_URL", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET"):
        assert f"{name} is" in text
        assert f"for example {name}=" in text


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"STRIPE_API_KEY": "sk_live_1", "MARKETPLACE_ENV": "production"}, "STRIPE_API_BASE"),
        ({"MARKETPLACE_ENV": "production"}, "STRIPE_API_BASE"),
        ({"STRIPE_API_KEY": "rk_live_1", "STRIPE_API_BASE": ""}, "MARKETPLACE_ENV"),
        ({"MARKETPLACE_ENV": "production", "MARKETPLACE_FAILPOINTS": "/tmp"}, "MARKETPLACE_FAILPOINTS"),
    ],
)
def test_real_money_never_meets_a_stand_in(changes: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        read(GOOD | changes)

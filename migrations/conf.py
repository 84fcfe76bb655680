"""What Piccolo's migration commands need to know: the engine, and the one app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, AppRegistry

from marketplace.kit.db import DB
from marketplace.kit.migrations import APP_NAME

APP_CONFIG = AppConfig(app_name=APP_NAME, migrations_folder_path=Path(__file__).parent / "versions")
APP_REGISTRY = AppRegistry(apps=["migrations.conf"])

__all__ = ("APP_CONFIG", "APP_REGISTRY", "DB")

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.embedded import doctor, lock, paths, ports, state
from marketplace.embedded.findings import Finding
from marketplace.embedded.paths import Home
from tests.embedded.stand_ins import SETTINGS


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "候鸟 home")
    made.root.mkdir()
    return made


@pytest.fixture
def marketplace(home):
    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        unset = dict.fromkeys(SETTINGS, "")
        return subprocess.run(
            [sys.executable, "-m", "marketplace.cli", *words],
            env={**os.environ, **unset, "MARKETPLACE_HOME": str(home.root), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


def test_help_names_every_command_and_imports_nothing_heavy(marketplace):
    shown = marketplace("--help").stdout
    for name in ("up", "down", "status", "logs", "reset", "doctor", "demo", "migrate", "seed", "openapi", "inventory"):
        assert re.search(rf"│ {name}\b", shown), name
    heavy = ["asyncio", "asyncpg", "celery", "litestar", "msgspec", "piccolo", "redis", "stripe"]
    code = f"import sys, marketplace.cli; sys.exit(' '.join(set({heavy}) & set(sys.modules)))"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert imported.stderr.strip() == ""


def test_status_tells_the_logins_though_nothing_runs(marketplace):
    asked = marketplace("status", "--json")
    assert asked.returncode == 1
    told = json.loads(asked.stdout)
    assert (told["running"], told["urls"], told["processes"]) == (False, {}, {})
    demo = told["demo"]
    assert [len(demo[group]) for group in ("families", "partners", "institutions", "officers")] == [5, 2, 3, 7]
    assert {"client_id", "client_secret"} <= set(demo["partners"][0])
    assert {"email", "password"} <= set(demo["institutions"][0])
    assert {"email", "password", "level", "jurisdiction"} <= set(demo["officers"][0])
    # Two officers revoke, so there must be two of the province; 长白山管委会 reviews like a prefecture.
    assert [officer["level"] for officer in demo["officers"]].count("province") == 2
    assert ("prefecture", "changbaishan") in [(one["level"], one["jurisdiction"]) for one in demo["officers"]]


def test_stopping_what_does_not_run_is_no_error(marketplace):
    stopped = marketplace("down")
    assert (stopped.returncode, stopped.stdout) == (0, "nothing was running\n")


def test_a_command_that_needs_the_database_says_how_to_get_one(marketplace):
    refused = marketplace("migrate")
    assert refused.returncode == 1
    assert "DATABASE_URL is not set" in refused.stderr
    assert "make up" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_every_mistake_in_the_environment_is_named_at_once(marketplace):
    refused = marketplace("migrate", DATABASE_URL="mysql://x")
    assert refused.returncode == 1
    for name in ("DATABASE_URL is wrong", "REDIS_URL is not set", "SECRET_KEY is not set", "PUBLIC_URL is not set"):
        assert name in refused.stderr
    assert "Traceback" not in refused.stderr


def test_logs_are_named_and_read(marketplace, home):
    home.logs.mkdir()
    home.log("api").write_text("".join(f"line {n}\n" for n in range(100)))
    assert marketplace("logs").stdout == "api\n"
    assert marketplace("logs", "-n", "2", "api").stdout == "line 98\nline 99\n"
    refused = marketplace("logs", "web")
    assert refused.returncode == 1
    assert "choose one of: api" in refused.stderr


def test_reset_forgets_the_data_and_nothing_else(marketplace, home):
    known = state.State(ports={"api": 8123}, prepared={"seed": "done"})
    secret = known.secret("SECRET_KEY")
    state.save(home, known)
    for folder in (home.postgres, home.valkey):
        folder.mkdir()
        (folder / "data").touch()
    home.sandbox.touch()
    asked = marketplace("reset")
    assert asked.returncode == 1
    assert home.postgres.exists()
    assert marketplace("reset", "--yes").returncode == 0
    left = state.load(home)
    assert (left.ports, left.prepared, left.secret("SECRET_KEY")) == ({"api": 8123}, {}, secret)
    assert not any(path.exists() for path in (home.postgres, home.valkey, home.sandbox))


def test_reset_is_refused_while_the_marketplace_runs(marketplace, home):
    home.postgres.mkdir()
    with lock.held(home):
        refused = marketplace("reset", "--yes")
    assert refused.returncode == 1
    assert "already running" in refused.stderr
    assert home.postgres.exists()


def test_the_doctor_names_each_problem_with_its_remedy(home, monkeypatch, capsys):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
    monkeypatch.setattr(doctor.binaries, "wheel", lambda _: [])
    monkeypatch.setattr(doctor.binaries.shutil, "which", lambda _: None)
    taken = ports.throwaway()
    monkeypatch.setattr(doctor.ports, "is_free", lambda port: port != taken)
    state.save(home, state.State(ports={"api": taken, "valkey": taken - 1}))
    monkeypatch.setattr(doctor.settings, "settings", lambda: (_ for _ in ()).throw(doctor.settings.SettingsError()))
    found = list(doctor.examine(home))
    problems = {finding.what: finding.remedy for finding in found if not finding.ok}
    assert problems["0 GB of disk free"] == "free at least 1 GB"
    assert "set REDIS_URL" in problems["valkey-server was not found"]
    assert "stop it" in problems[f"port {taken} for api"]
    assert f"port {taken - 1} for valkey" not in problems
    assert not doctor.report(found, as_json=False)
    shown = capsys.readouterr().out
    assert "✘ valkey-server was not found\n  → " in shown
    assert shown.count("✔") == len(found) - len(problems)
    assert doctor.report([Finding(ok=True, what="well")], as_json=True)
    assert json.loads(capsys.readouterr().out) == [{"ok": True, "what": "well", "remedy": ""}]


BOOTSTRAP = Path("marketplace/embedded/bootstrap.sh")


def test_the_bootstrap_is_plain_sh():
    shell = shutil.which("dash") or "sh"
    subprocess.run([shell, "-n", str(paths.checkout() / BOOTSTRAP)], check=True)


@pytest.mark.parametrize(
    ("python3", "complaint", "remedy"),
    [
        ("exit 1", "Python 3.11 or newer was not found", "apt install python3"),
        ('[ "$2" != pip ]', "pip is missing", "apt install python3-pip"),
    ],
)
def test_the_bootstrap_names_what_is_missing(tmp_path, python3, complaint, remedy):
    checkout, programs = tmp_path / "check out 旅居", tmp_path / "bin"
    (checkout / BOOTSTRAP.parent).mkdir(parents=True)
    shutil.copy(paths.checkout() / BOOTSTRAP, checkout / BOOTSTRAP)
    programs.mkdir()
    for name in ("dirname", "cat", "mkdir"):
        (programs / name).symlink_to(shutil.which(name))
    (programs / "python3").write_text(f"#!/bin/sh\n{python3}\n")
    (programs / "python3").chmod(0o755)
    refused = subprocess.run(
        [shutil.which("sh"), str(checkout / BOOTSTRAP)],
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert complaint in refused.stderr
    assert remedy in refused.stderr
    assert not (checkout / ".venv").exists()


def test_the_bootstrap_and_the_doctor_compute_the_same_fingerprint(tmp_path):
    checkout = tmp_path / "旅 居"
    (checkout / BOOTSTRAP.parent).mkdir(parents=True)
    for name in (BOOTSTRAP, "requirements.lock", "pyproject.toml"):
        shutil.copy(paths.checkout() / name, checkout / name)
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
    stamp = checkout / ".venv" / ".lock-sha256"
    stamp.write_text(doctor.lock_fingerprint(checkout) + "\n")
    subprocess.run(["sh", str(checkout / BOOTSTRAP)], check=True, capture_output=True)
    # Had they differed, it would have begun to install.
    assert not (checkout / ".marketplace").exists()

"""What runs a keeper: the files of ops/ fit each other, and neither ports nor secrets are open."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from steelyard.keeper.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
OPS = ROOT / "ops"
COMPOSES = ("compose.yaml", "compose.workers.yaml")
SECRETS = ("STEELYARD_KEEPER_RPC", "STEELYARD_KEEPER_PRIVATE_KEY", "APE_NODE_ETHEREUM")
FOREIGN = {  # variables of the programs around the keeper
    "STEELYARD_NETWORK",
    "APE_NODE_ETHEREUM",
    "APE_NODE_BASE",
    "APE_DATA_FOLDER",
    "SILVERBACK_BROKER_CLASS",
    "SILVERBACK_BROKER_KWARGS",
    "SILVERBACK_RESULT_BACKEND_CLASS",
    "SILVERBACK_RESULT_BACKEND_KWARGS",
}


class _Loader(yaml.SafeLoader):
    """YAML as Compose reads it."""


_Loader.add_constructor("!reset", lambda loader, node: None)


def load(name):
    return yaml.load((OPS / name).read_text(), _Loader)  # noqa: S506


def services(name):
    return load(name)["services"]


# ---------------------------------------------------------------- FILES


@pytest.mark.parametrize("name", COMPOSES)
def test_compose_refers_to_files_that_exist(name):
    for service in services(name).values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (OPS / source).exists(), source
        if build := service.get("build"):
            assert (OPS / build["context"] / build["dockerfile"]).is_file()
        if env_file := service.get("env_file"):
            assert (OPS / f"{env_file}.example").is_file()


def test_compose_names_only_secrets_and_volumes_that_it_declares():
    base, workers = (load(name) for name in COMPOSES)
    volumes = set(base["volumes"]) | set(workers["volumes"])
    for service in [*base["services"].values(), *workers["services"].values()]:
        assert set(service.get("secrets", [])) <= set(base["secrets"])
        named = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert {name for name in named if not name.startswith(".")} <= volumes


@pytest.mark.parametrize("name", COMPOSES)
def test_no_port_is_open_to_others(name):
    for service in services(name).values():
        assert service.get("network_mode") != "host"
        for port in service.get("ports") or []:
            assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


def images():
    texts = [(OPS / name).read_text() for name in COMPOSES]
    found = [
        image for text in texts for image in re.findall(r"^\s+image: (\S+)$", text, re.MULTILINE)
    ]
    return found + re.findall(r"^FROM (\S+)", (OPS / "Dockerfile").read_text(), re.MULTILINE)


def test_images_are_official_and_pinned_to_a_whole_version():
    assert len(images()) == 7
    for image in images():
        name, _, tag = image.partition(":")
        assert name in ("python", "redis", "prom/prometheus", "grafana/grafana", "steelyard-keeper")
        assert re.fullmatch(r"v?\d+\.\d+\.\d+(-[a-z-]+)?", tag), image


def test_image_has_the_oldest_python_that_is_supported():
    project = (ROOT / "pyproject.toml").read_text()
    oldest = re.search(r'requires-python = ">=([\d.]+)', project)[1]
    assert f"FROM python:{oldest}." in (OPS / "Dockerfile").read_text()


def test_image_gets_only_what_is_not_ignored():
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (OPS / "Dockerfile").read_text(), re.MULTILINE
    )
    paths = {path for line in copied for path in line.split()}
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == paths
    assert all((ROOT / path).exists() for path in paths)


def test_image_runs_as_nobody_special_and_looks_after_itself():
    text = (OPS / "Dockerfile").read_text()
    assert text.index("\nUSER keeper") < text.index("\nENTRYPOINT")
    assert f":{Settings.model_fields['metrics_port'].default}/health" in text
    assert "--require-hashes" in text


def test_prometheus_reads_the_keepers_port():
    config = load("prometheus/prometheus.yml")
    (job,) = config["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert job["job_name"] == "keeper"
    assert found["port"] == Settings.model_fields["metrics_port"].default
    assert set(found["names"]) <= set(services("compose.yaml"))
    assert all((OPS / "prometheus" / name).is_file() for name in config["rule_files"])


def test_redis_writes_before_it_answers():
    command = services("compose.workers.yaml")["redis"]["command"]
    assert command[command.index("--appendfsync") + 1] == "always"
    assert command[command.index("--appendonly") + 1] == "yes"


# ---------------------------------------------------------------- VARIABLES AND SECRETS

SHOWN = ("keeper.env.example", "steelyard-keeper.service", "Dockerfile", *COMPOSES)


@pytest.mark.parametrize("name", SHOWN)
def test_variables_are_settings(name):
    text = (OPS / name).read_text()
    for variable in set(re.findall(r"\b((?:STEELYARD|APE|SILVERBACK)_[A-Z_]+)\b", text)):
        known = variable.removeprefix(PREFIX).lower() in Settings.model_fields
        assert known or variable in FOREIGN, variable


def test_example_can_be_read_once_it_is_filled_in(monkeypatch):
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    lines = (OPS / "keeper.env.example").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    for name, value in pairs:
        monkeypatch.setenv(name, value or "2000")
    settings = Settings.load()
    assert settings.native_price == 2000
    assert settings.private_key is None
    assert not set(SECRETS) & {name for name, _ in pairs}


@pytest.mark.parametrize("name", SHOWN)
def test_secrets_have_no_value(name):
    for variable in SECRETS:
        assert not re.search(
            rf"{variable}\s*[=:]\s*['\"]?(0x|http|ws|{{)", (OPS / name).read_text()
        )


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_secrets_and_books_are_never_committed():
    paths = ["ops/keeper.env", "ops/secrets/STEELYARD_KEEPER_RPC", "keeper.sqlite"]
    asked = subprocess.run(
        ["git", "check-ignore", *paths], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert asked.stdout.split() == paths


def with_secrets(folder, *command):
    environment = {"PATH": os.environ["PATH"], "CREDENTIALS_DIRECTORY": str(folder)}
    run = [str(OPS / "with-secrets"), *command]
    return subprocess.run(run, env=environment, capture_output=True, text=True, check=False)


def test_secrets_become_variables_of_the_command(tmp_path):
    (tmp_path / "APE_NODE_ETHEREUM").write_text('{"sepolia": {"uri": "https://n/$HOME `id` \\n"}}')
    (tmp_path / "STEELYARD_KEEPER_PRIVATE_KEY").write_text("0xabc\nsecond line\n")
    (tmp_path / "grafana_password").write_text("not the keeper's")
    shown = '"$APE_NODE_ETHEREUM" "$STEELYARD_KEEPER_PRIVATE_KEY" "${grafana_password-none}"'
    show = f'printf "%s|" {shown}'
    done = with_secrets(tmp_path, "sh", "-c", show)
    assert done.stdout == '{"sepolia": {"uri": "https://n/$HOME `id` \\n"}}|0xabc|none|'
    assert done.stderr == ""


def test_command_is_run_as_it_is_and_its_end_is_told(tmp_path):
    done = with_secrets(tmp_path / "absent", "sh", "-c", 'echo "$1"; exit 7', "sh", "a  b *")
    assert (done.returncode, done.stdout) == (7, "a  b *\n")


def test_an_empty_secret_is_refused(tmp_path):
    (tmp_path / "STEELYARD_KEEPER_RPC").write_text("")
    done = with_secrets(tmp_path, "echo", "ran")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "with-secrets: STEELYARD_KEEPER_RPC is empty\n"


# ---------------------------------------------------------------- WITH THE PROGRAMS THEMSELVES


def need(program):
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"needs {program}")
    return found


def run(*command, folder=OPS):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_compose_takes_its_files(tmp_path):
    docker = need("docker")
    if subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("needs docker compose")
    shutil.copytree(OPS, tmp_path / "ops")
    (tmp_path / "ops" / "keeper.env").write_text((OPS / "keeper.env.example").read_text())
    files = [argument for name in COMPOSES for argument in ("-f", f"ops/{name}")]
    run(docker, "compose", "-f", "ops/compose.yaml", "config", "--quiet", folder=tmp_path)
    run(docker, "compose", *files, "config", "--quiet", folder=tmp_path)


def test_unit_is_hardened():
    shown = run(
        need("systemd-analyze"), "security", "--offline=yes", str(OPS / "steelyard-keeper.service")
    )
    assert float(re.search(r"Overall exposure level for \S+: ([\d.]+)", shown)[1]) < 2

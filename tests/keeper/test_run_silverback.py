"""The keeper as a Silverback bot: in one process, and as two workers on a Redis broker."""

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from steelyard.keeper.store import RedisStore
from tests.keeper.process import Process, mining, until

pytestmark = pytest.mark.node


def network(chain):
    return ["--network", f":devnet:{chain.url}"]


def test_the_bot_is_wiring_alone():
    file = Path(__file__).resolve().parents[2] / "bots" / "keeper.py"
    assert len(file.read_text().splitlines()) <= 100


def test_on_silverback_a_drift_is_mined_with_the_next_block(chain, bot):
    with Process(bot, ["silverback", "run", "keeper", *network(chain)]).running() as keeper:
        until(lambda: "Startup complete" in keeper.said(), "its start")
        with mining(chain, 1.0):
            until(lambda: bot.state.block, "its first step")
        chain.push(ETH=1_750)
        drifted = chain.chain.block().number
        until(lambda: bot.state.block == drifted, "the step")
        chain.mine()
        assert chain.in_band()
        until(lambda: len(bot.state.bookings) == 2, "the books")
        with mining(chain, 1.0):  # it ends with the next block
            assert keeper.end(signal.SIGINT) == 0
    assert {booking.block for booking in bot.state.bookings} == {drifted + 1}
    assert bot.signer._account.key.hex() not in keeper.said()
    bot.check_books()


@pytest.fixture
def redis_url(tmp_path):
    if not shutil.which("redis-server"):
        pytest.skip("needs redis-server: apt-get install redis-server")
    socket = tmp_path / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--dir", str(tmp_path), "--save", ""]
    server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    try:
        until(socket.exists, "redis-server")
        yield f"unix://{socket}"
    finally:
        server.kill()
        server.wait()


def test_two_workers_on_redis_never_act_doubly(chain, bot, redis_url):
    environment = {
        "STEELYARD_KEEPER_REDIS_URL": redis_url,
        "SILVERBACK_BROKER_CLASS": "taskiq_redis:ListQueueBroker",
        "SILVERBACK_BROKER_KWARGS": json.dumps({"url": redis_url}),
        "SILVERBACK_RESULT_BACKEND_CLASS": "taskiq_redis:RedisAsyncResultBackend",
        "SILVERBACK_RESULT_BACKEND_KWARGS": json.dumps({"redis_url": redis_url}),
    }
    workers = Process(
        bot, ["silverback", "worker", "keeper", "-w", "2", *network(chain)], **environment
    )
    runner = Process(bot, ["silverback", "run", "keeper", *network(chain)], **environment)
    name = f"31337:{bot.signer.address.lower()}"
    bot.store = RedisStore.connect(redis_url, name)
    with workers.running(), runner.running():
        with mining(chain, 1.0):
            until(lambda: bot.state.block, "the first step")
            for price in (1_750, 1_560):
                chain.send_price("ETH", price)
                until(lambda: not chain.in_band(), "the drift")
                until(lambda: chain.in_band() and not bot.state.pending, "its end")
            assert runner.end(signal.SIGINT) == 0
        workers.end(signal.SIGINT)
    assert len(bot.state.bookings) == 3
    assert {booking.outcome for booking in bot.state.bookings} == {"done"}
    bot.check_books()

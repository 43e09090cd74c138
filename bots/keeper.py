"""The keeper on Silverback: `silverback run keeper --network :devnet --account TEST::1`.

Only wiring: what is done, and why nothing is, steelyard/keeper decides. On a Redis broker any
number of workers share the books on STEELYARD_KEEPER_REDIS_URL: a step runs under their lock, and
a block that was dealt with is left alone.
"""

from __future__ import annotations

import asyncio
import logging

from ape import chain
from ape.api import BlockAPI
from silverback import SilverbackBot
from silverback.main import SharedState
from taskiq import TaskiqState

from steelyard.ape_signer import ApeSigner
from steelyard.book import find_record
from steelyard.keeper.logs import start_logging
from steelyard.keeper.service import make_service, serve
from steelyard.keeper.settings import Settings

settings = Settings.load()
bot = SilverbackBot()


def _address() -> str:
    """Of the node: the settings', else over http, as a socket answers one question at a time."""
    if settings.rpc is not None:
        return settings.rpc.get_secret_value()
    return str(bot.provider.http_uri or bot.provider.uri)


@bot.on_worker_startup()
def start(state: TaskiqState) -> None:
    """Connect, open the books, and show the page."""
    start_logging(settings.log_level, settings.secrets())
    logging.getLogger("ape").propagate = False  # it has a handler of its own
    # Silverback gives it to one worker process only; in the others every block would fail.
    bot.state = SharedState()
    network = bot.provider.network
    named = str(settings.deployment) if settings.deployment else None
    state.service = make_service(
        settings,
        _address(),
        signer=ApeSigner(bot.signer, unlock=True) if bot.signer else None,
        record=find_record(named, network.ecosystem.name, network.name),
    )
    state.page = serve(state.service, settings)


@bot.on_worker_shutdown()
def end(state: TaskiqState) -> None:
    """Take the page down."""
    if "page" in state:
        state.page.stop()


@bot.on_(chain.blocks)
async def keep(block: BlockAPI) -> dict[str, int | float]:
    """Do a step with every block; its figures are Silverback's metrics."""
    report = await asyncio.to_thread(bot.broker.state.service.step, block.number or 0)
    return report.metrics()

"""`python tests/stack/chaos --messages 20000 --kills 200`: `make chaos`.

Exits with 0 if every figure that must be zero is, and the run had what they are about; otherwise
with 1, the threads and sessions that are wrong, and the folder of the logs.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from demo.stack import PROJECT, QUIET
from tests.stack.chaos.chaos_run import Plan, Result, run
from tests.stack.chaos.play.storm import STANDSTILL, Counts
from tests.stack.chaos.verdict.judge import judge
from tests.stack.chaos.verdict.report import gaps, report
from tests.stack.forks.forks import ForkServer

RATE = 15  # messages of users in a second
REPLICAS = 2
MESSAGES_OF_A_USER = 25
PAUSE = timedelta(seconds=1.2)


def main() -> int:
    plan = _plan(_parser().parse_args())
    directory = Path(tempfile.mkdtemp(prefix="handover-chaos-"))
    print(f"Chaos run with seed {plan.seed}; logs are in {directory}", flush=True)
    result = asyncio.run(_run(plan, directory))
    figures = judge(result.evidence)
    print(report(plan, result, figures))
    missing = list(gaps(plan, result))
    for gap in missing:
        print(f"\n{gap}: this run shows nothing of that.")
    if missing or any(figure.failed for figure in figures):
        print(f"\nLogs and settings are kept in {directory}; run it again with --seed {plan.seed}")
        return 1
    shutil.rmtree(directory)
    return 0


async def _run(plan: Plan, directory: Path) -> Result:
    forks = ForkServer(directory=PROJECT, place=directory)
    await forks.start(QUIET)
    try:
        return await run(plan, directory, forks)
    finally:
        await forks.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000, help="%(default)s")
    parser.add_argument("--kills", type=int, default=200, help="%(default)s")
    parser.add_argument(
        "--sanic-workers",
        type=int,
        default=1,
        help="processes of each replica; where they are several, half of the kills hit only one",
    )
    parser.add_argument("--pauses", type=int, default=40, help="of a replica, 75 s each")
    parser.add_argument(
        "--outages",
        type=int,
        default=6,
        help="of PostgreSQL, of Redis, of the action server, and of the operators' receiver",
    )
    parser.add_argument(
        "--poisons", type=int, default=8, help="messages that kill whatever process reads them"
    )
    parser.add_argument("--faults", type=int, default=60, help="rounds of Graph faults")
    parser.add_argument("--throttles", type=int, default=2, help="rate limits of a minute")
    parser.add_argument("--dead-tokens", type=int, default=2, help="times the token is refused")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--rate", type=float, default=RATE, help="messages a second")
    return parser


def _plan(options: argparse.Namespace) -> Plan:
    worker_kills = options.kills // 2 if options.sanic_workers > 1 else 0
    return Plan(
        seed=options.seed,
        users=max(1, options.messages // MESSAGES_OF_A_USER),
        messages=options.messages,
        lasting=max(
            timedelta(seconds=options.messages / options.rate),
            options.pauses * STANDSTILL / REPLICAS,  # those of one replica follow each other
        ),
        pause=PAUSE,
        sanic_workers=options.sanic_workers,
        # Under Rasa 3.6 one dead process of several is not started again.
        poisons=0 if options.sanic_workers > 1 else options.poisons,
        blows=Counts(
            kills=options.kills - worker_kills,
            worker_kills=worker_kills,
            outages=options.outages,
            faults=options.faults,
            throttles=options.throttles,
            dead_tokens=options.dead_tokens,
            pauses=options.pauses,
        ),
    )


if __name__ == "__main__":
    sys.exit(main())

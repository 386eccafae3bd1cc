"""What `loket serve` prints once it serves: where to look, how to connect, how to begin."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot.terminal.sessions import say
from storage import officers

if TYPE_CHECKING:
    from bot.app import App
    from bot.installation import Installation
    from bot.setup.settings import Config


async def announce(app: App) -> None:
    """Print the trial link, what is connected, and an invite while there is no officer."""
    config = app.config
    here = f"http://{_shown(config.host)}:{config.port}"
    words = say(
        "serve",
        office=config.office.name,
        here=here,
        loket=program(),
        public=config.public_url,
        trial=f"{here}/coba?token={app.token}" if app.trial else "",
        telegram=config.telegram.enabled,
        whatsapp=config.twilio.whatsapp,
        code=await _first_invite(app),
        hours=officers.INVITE_HOURS,
    )
    sys.stdout.write(f"\n{words}\n\n")
    sys.stdout.flush()


async def announce_offices(installation: Installation) -> None:
    """Print of each office what is needed to begin, and which are not open."""
    offices = [
        {
            "name": name,
            "title": app.config.office.name,
            "public": app.config.public_url,
            "trial": f"{app.config.public_url}/coba?token={app.token}" if app.trial else "",
            "channels": sorted(app.desk.channels.keys() - {"terminal"}),
            "code": await _first_invite(app),
        }
        for name, app in installation.apps.items()
    ]
    host, port = installation.address
    words = say(
        "offices",
        offices=offices,
        closed=sorted(installation.closed.items()),
        here=f"http://{_shown(host)}:{port}",
        loket=program(),
        example=offices[0]["name"] if offices else "…",
        hours=officers.INVITE_HOURS,
    )
    sys.stdout.write(f"\n{words}\n\n")
    sys.stdout.flush()


async def _first_invite(app: App) -> str:
    """Return an invite while there is no officer, else nothing."""
    desk, role = app.desk, first_role(app.config)
    return (
        await desk.db.write(
            lambda tx: officers.ensure_first_invite(tx, desk.vault, desk.now(), role)
        )
        or ""
    )


def first_role(config: Config) -> str:
    """Return the role that may do most: whoever comes first must be able to do all there is."""
    return max(config.roles, key=lambda role: len(config.roles[role]))


def program() -> str:
    """How to call ``loket`` from where this was called: what is printed must work as printed."""
    if shutil.which("loket"):
        return "loket"
    program = Path(sys.argv[0]).absolute()
    return str(program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program)


def _shown(host: str) -> str:
    """An address to open on this machine, also where the desk listens on all of its networks."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host

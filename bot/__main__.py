"""``python -m bot``: the command line where nothing is installed but the packages it needs."""

from bot.cli import main

main()

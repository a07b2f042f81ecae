"""Serves MiniStack on a Unix socket, which its own start cannot; all else is as its own start does it."""

import asyncio
import os
import resource
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config

os.umask(0o077)
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
except (ValueError, OSError):
    # macOS takes no unlimited number; then it stays as it is.
    pass

# Last: it reads limits and environment when it is imported.
from ministack.app import app

config = Config()
config.bind = ["unix:" + sys.argv[1]]
config.keep_alive_timeout = 75
asyncio.run(serve(app, config))

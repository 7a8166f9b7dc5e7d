"""The WSGI entry point: `gunicorn wsgi:app`, `flask --app wsgi …`."""

import gc

from app import create_app
from simulator import command

app = create_app()
command.install(app)
gc.collect()
gc.freeze()  # what is there now stays as long as the process: the collector need not look through it again and again

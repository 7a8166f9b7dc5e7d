"""The WSGI entry point: `gunicorn wsgi:app`, `flask --app wsgi …`."""

from app import create_app
from simulator import command

app = create_app()
command.install(app)

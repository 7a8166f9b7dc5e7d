"""The WSGI entry point: `gunicorn wsgi:app`, `flask --app wsgi …`."""

from app.main import create_app
from simulator import command

app = create_app()
command.install(app)

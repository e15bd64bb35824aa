"""``internal-gan app``: start the server and open the page."""

import socket
import threading
import webbrowser
from types import FrameType

from internal_gan.app.settings import Settings
from internal_gan.errors import UserError

INSTALL = "pip install 'internal-gan[app]'"


def serve(settings: Settings) -> None:
    """Serve until Ctrl-C; a UserError if the extra is not installed, or the port is taken."""
    try:
        import uvicorn

        from internal_gan.app.guard import Connection
        from internal_gan.app.server import application
    except ImportError as error:
        raise UserError(f"internal-gan app needs {error.name}: {INSTALL}") from error
    page = application(settings)

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not self.should_exit:  # a second one would end it before a training is saved
                super().handle_exit(sig, frame)
                # Otherwise it would wait for running tasks, and then complain about them.
                page.state.server.worker.close()

    config = uvicorn.Config(page, http=Connection, log_level="warning", timeout_graceful_shutdown=2)
    listening = _listening(settings)
    here, *others = settings.urls(listening.getsockname()[1])
    print(f"The page is at {here}")
    for url in others:
        print(f"For others: {url}")
    print("Press Ctrl-C to stop; a running training can be resumed later", flush=True)
    if settings.browser:
        threading.Timer(0.5, webbrowser.open, [here]).start()
    Server(config).run([listening])


def _listening(settings: Settings) -> socket.socket:
    """A listening socket, or a UserError if the address or port cannot be used."""
    try:
        family, *_ = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        # From now on, connections wait for the server instead of being refused.
        return socket.create_server(
            (settings.host, settings.port), family=family, dualstack_ipv6=family == socket.AF_INET6
        )
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]  # without the address
        raise UserError(
            f"host={settings.host} port={settings.port}: {why}; allowed: an address of this "
            "machine, and a free port"
        ) from error

"""The command ``internal-gan`` and ``python -m internal_gan``."""

import sys

from internal_gan.training.signals import ctrl_c_ends


def main() -> None:
    """Run :func:`internal_gan.cli.main` with the process's arguments, or serve the web page."""
    ctrl_c_ends()
    if sys.argv[1:2] == ["app"]:
        from internal_gan.app.command import main as app

        app(sys.argv[2:])
        return
    # Imported here because Ctrl-C may arrive during the import.
    from internal_gan.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()

"""The command ``internal-gan`` and ``python -m internal_gan``."""

import sys

from internal_gan.training.signals import ctrl_c_ends


def main() -> None:
    """Run :func:`internal_gan.cli.main` with the process's arguments, serve the web page, or print
    what a report of a problem should say."""
    ctrl_c_ends()
    if sys.argv[1:2] == ["app"]:
        from internal_gan.app.command import main as app

        app(sys.argv[2:])
        return
    if sys.argv[1:] == ["info"]:
        from internal_gan.info import main as info

        info()
        return
    # Imported here because Ctrl-C may arrive during the import.
    from internal_gan.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()

"""The command ``internal-gan`` and ``python -m internal_gan``."""

from internal_gan.training.signals import ctrl_c_ends


def main() -> None:
    """Run :func:`internal_gan.cli.main` with the process's arguments."""
    ctrl_c_ends()
    # Imported here because Ctrl-C may arrive during the import.
    from internal_gan.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()

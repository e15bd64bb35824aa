"""The command ``internal-gan`` and ``python -m internal_gan``."""

from internal_gan.training.signals import ctrl_c_ends


def main() -> None:
    """Run the command line with the process's own arguments.

    Raises:
        SystemExit: see :func:`internal_gan.cli.main`.
    """
    ctrl_c_ends()
    # Here, since Ctrl-C may well come while it is being imported.
    from internal_gan.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()

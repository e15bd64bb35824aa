"""``python -m internal_gan``."""

from internal_gan.cli import main

if __name__ == "__main__":
    main()

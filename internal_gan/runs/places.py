"""Where a new run goes."""

import re
from datetime import datetime
from pathlib import Path

from internal_gan.config.options import Options

# In bytes; file systems allow 255, and numbers and suffixes are appended.
LONGEST_NAME = 150


def new_run_path(options: Options, image: str | None, family: str) -> Path:
    """The folder that ``output`` names, or a new and empty ``runs/<image>-<model>/<time>``."""
    if options.output is not None:
        return Path(options.output)
    stem = Path(image).stem if image else "image"
    # Plain letters: the commands printed later need no quotation marks.
    name = re.sub(r"[^\w.-]+", "_", stem).strip("_.-") or "image"
    name = name.encode()[:LONGEST_NAME].decode(errors="ignore")
    parent = Path("runs", f"{name}-{family}")
    now = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    path, number = parent / now, 2
    while True:
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            # Another run began in this second, perhaps in another process.
            path, number = parent / f"{now}-{number}", number + 1
        except OSError:
            return path  # RunFolder.create says what is wrong with it
        else:
            return path

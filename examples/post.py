"""Do a task on the server of `internal-gan app`; needs `pip install requests`.

python examples/post.py fill filled.png image=@photo.jpg mask=@mask.png seed=3

@ comes before the name of a file to send. The environment variables GAN_SERVER and GAN_TOKEN name
another server and its token.
"""

import os
import sys
from pathlib import Path

import requests


def main(task: str, result: str, *fields: str) -> None:
    given = []
    for name, _, value in (field.partition("=") for field in fields):
        path = Path(value[1:]) if value.startswith("@") else None
        given.append((name, (path.name, path.read_bytes()) if path else (None, value)))
    server = os.environ.get("GAN_SERVER", "http://127.0.0.1:7860")
    headers = {"Authorization": f"Bearer {os.environ.get('GAN_TOKEN', '')}"}
    answer = requests.post(f"{server}/api/{task}", headers=headers, files=given)
    if not answer.ok:
        sys.exit(f"error: {answer.text}")
    Path(result).write_bytes(answer.content)


if __name__ == "__main__":
    main(*sys.argv[1:])

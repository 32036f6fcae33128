"""Ask the node in this container for `/health/live` or `/health/ready`; exit code 0 if it is so."""

import os
import sys
from http.client import HTTPConnection


def main() -> int:
    """Ask at the port that the container's environment sets."""
    connection = HTTPConnection("127.0.0.1", int(os.environ["BLOCKPOOL_PORT"]), timeout=5)
    connection.request("GET", sys.argv[1])
    answer = connection.getresponse()
    sys.stdout.write(answer.read().decode())
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())

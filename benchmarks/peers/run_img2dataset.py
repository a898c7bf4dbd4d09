"""Run by the peer's own Python: img2dataset on a table of addresses, with the settings given as JSON."""

import json
import sys

from img2dataset import download

if __name__ == "__main__":
    download(**json.loads(sys.argv[1]))

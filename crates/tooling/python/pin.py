"""Writes <set>.txt from <set>.in: every package with its version and the hashes of all files of that release, for Python 3.11 and
newer on Linux and macOS. Run it in this folder after changing a version in a .in file, with .local/python/uv/bin in PATH."""

import pathlib
import re
import subprocess

FLAGS = [
    "--universal", "--python-version=3.11", "--generate-hashes", "--no-strip-extras", "--no-header", "--no-annotate",
    "--no-emit-index-url", "--no-emit-find-links", "--quiet",
]

for asked in sorted(pathlib.Path(__file__).parent.glob("*.in")):
    compiled = subprocess.run(["uv", "pip", "compile", *FLAGS, asked], check=True, capture_output=True, text=True).stdout
    pins = []
    for pin in re.split(r"\n(?=[A-Za-z0-9])", compiled.strip()):
        # A hash for `boto3` is wanted too where the file has one only for `boto3[crt]`.
        extras = re.match(r"([A-Za-z0-9._-]+)\[[^\]]*\](.*)", pin, re.DOTALL)
        pins += ([extras.group(1) + extras.group(2)] if extras else []) + [pin]
    asked.with_suffix(".txt").write_text("\n".join(pins) + "\n")

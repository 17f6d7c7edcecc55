"""Reads a folder of device files with nothing but Python and openssl: read_back.py FOLDER PUBLIC_KEY.pem

Prints a JSON list of the certificates in use, or says what is wrong and ends with status 1.
"""

import base64
import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

folder, public_key = sys.argv[1:]


def fail(why):
    print(why, file=sys.stderr)
    sys.exit(1)


def read(name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def signed_text(note):
    text, signature = note.split(b"\n\n")
    text += b"\n"
    raw = base64.b64decode(signature.split(b" ")[2])[4:]
    with tempfile.TemporaryDirectory() as work:
        for name, content in (("text", text), ("signature", raw)):
            with open(os.path.join(work, name), "wb") as file:
                file.write(content)
        verify = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public_key]
        files = ["-in", os.path.join(work, "text"), "-sigfile", os.path.join(work, "signature")]
        if subprocess.run(verify + files, capture_output=True).returncode != 0:
            fail("a note is not signed by this key")
    return text.decode().splitlines()


in_use = {}
previous = "none"
notes = sorted((name for name in os.listdir(folder) if re.fullmatch(r"\d{5,}\.note", name)), key=lambda name: int(name[:-5]))
for number, name in enumerate(notes, 1):
    if int(name[:-5]) != number:
        fail("a part is missing")
    note = read(name)
    lines = signed_text(note)
    if lines[0] != "certline/devices/v1" or f"previous {previous}" not in lines:
        fail(f"{name} does not follow the note before it")
    previous = hashlib.sha256(note).hexdigest()
    for line in lines:
        if line.startswith("sha256 "):
            _, digest, file = line.split(" ", 2)
            if hashlib.sha256(read(file)).hexdigest() != digest:
                fail(f"{file} was changed")
    rows = [json.loads(line) for line in read(name[:-5] + ".ndjson").splitlines()]
    cells = csv.DictReader(read(name[:-5] + ".csv").decode().splitlines())
    if [dict(row) for row in cells] != rows:
        fail(f"{name[:-5]}: the CSV says something else than the NDJSON")
    for row in rows:
        der = base64.b64decode(row["certificate"])
        if hashlib.sha256(der).hexdigest() != row["certificate_sha256"]:
            fail(f"{row['serial']}: the certificate has another digest")
        if row["act"] == "put":
            in_use[row["certificate_sha256"]] = row["serial"]
        else:
            in_use.pop(row["certificate_sha256"], None)
print(json.dumps(sorted(in_use)))

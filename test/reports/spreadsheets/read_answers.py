"""Prints the answers that are named as one JSON document: rows of a CSV file, rows of the last table of a page, or a document."""

import json
import sys

import pandas


def rows(table):
    return json.loads(table.to_json(orient="records"))


def opened(path):
    if path.endswith(".csv"):
        # Nothing is said of the encoding: pandas sees the byte order mark.
        return rows(pandas.read_csv(path, dtype=str, keep_default_na=False))
    if path.endswith(".html"):
        return rows(pandas.read_html(path, converters={"Serial": str}, keep_default_na=False)[-1])
    return json.loads(pandas.read_json(path, typ="series", dtype=False, convert_dates=False).to_json())


json.dump({path: opened(path) for path in sys.argv[1:]}, sys.stdout)

#!/bin/sh
# Makes Temporal's two databases, or brings their schema up to the version of this image. Safe to run again.
# Takes SQL_PLUGIN, SQL_HOST, SQL_PORT and SQL_USER from the environment, as temporal-sql-tool does.
set -eu

SQL_PASSWORD="$(cat "$SQL_PASSWORD_FILE")"
export SQL_PASSWORD

setup() {
  # Succeeds when the database is there already.
  temporal-sql-tool --db "$1" create
  # Writes the version tables; an existing schema keeps its version.
  temporal-sql-tool --db "$1" setup-schema -v 0.0
  temporal-sql-tool --db "$1" update-schema --schema-name "$2"
}

setup temporal postgresql/v12/temporal
setup temporal_visibility postgresql/v12/visibility

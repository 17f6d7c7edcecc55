import type { Dialect } from '../../sql/dialect.ts';

/** SQLite cannot drop a constraint, here that no two certificates have one key. */
const RENEWABLE_CERTIFICATES = `CREATE TABLE renewable_certificates (
    fingerprint TEXT PRIMARY KEY,
    certificate_serial TEXT NOT NULL,
    spki_sha256 TEXT NOT NULL,
    unit_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    board_id TEXT NOT NULL,
    der BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'superseded', 'revoked')),
    not_before TEXT NOT NULL,
    not_after TEXT NOT NULL,
    registered_at TEXT NOT NULL,
    ended_at TEXT,
    supersedes TEXT,
    has_old_key INTEGER NOT NULL DEFAULT 0 CHECK (has_old_key IN (0, 1)),
    FOREIGN KEY (unit_id, attempt) REFERENCES attempts,
    CHECK ((state = 'active') = (ended_at IS NULL))
  ) STRICT;
  INSERT INTO renewable_certificates SELECT fingerprint, certificate_serial, spki_sha256, unit_id, attempt, board_id, der,
    state, not_before, not_after, registered_at, ended_at, NULL, 0 FROM certificates ORDER BY rowid;
  DROP TABLE certificates;
  ALTER TABLE renewable_certificates RENAME TO certificates;
  CREATE INDEX certificates_unit ON certificates (unit_id);
  CREATE UNIQUE INDEX certificates_active_unit ON certificates (unit_id) WHERE state = 'active';
  CREATE UNIQUE INDEX certificates_active_board ON certificates (board_id) WHERE state = 'active';
  CREATE INDEX certificates_serial ON certificates (certificate_serial);`;

/** PostgreSQL adds the same columns. */
const RENEWABLE_COLUMNS = `ALTER TABLE certificates DROP CONSTRAINT certificates_spki_sha256_key;
  ALTER TABLE certificates ADD COLUMN supersedes TEXT;
  ALTER TABLE certificates ADD COLUMN has_old_key INTEGER NOT NULL DEFAULT 0 CHECK (has_old_key IN (0, 1));`;

/** SQLite cannot drop a constraint, here that a certificate in the outbox is registered. */
const FREE_OUTBOX = `CREATE TABLE free_outbox (
    entry_id INTEGER PRIMARY KEY,
    registry TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    unit_id INTEGER NOT NULL REFERENCES units,
    batch_id TEXT NOT NULL REFERENCES batches,
    fingerprint TEXT NOT NULL,
    act TEXT NOT NULL CHECK (act IN ('put', 'withdraw')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'due', 'parked', 'done', 'abandoned')),
    version INTEGER NOT NULL DEFAULT 1,
    recorded_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    is_unknown INTEGER NOT NULL DEFAULT 0 CHECK (is_unknown IN (0, 1)),
    failures INTEGER NOT NULL DEFAULT 0,
    failed_at INTEGER,
    done_at INTEGER,
    reason TEXT,
    message TEXT,
    UNIQUE (registry, fingerprint)
  ) STRICT;
  INSERT INTO free_outbox SELECT entry_id, registry, position, unit_id, batch_id, fingerprint, act, state, version, recorded_at,
    due_at, is_unknown, failures, failed_at, done_at, reason, message FROM outbox ORDER BY entry_id;
  DROP TABLE outbox;
  ALTER TABLE free_outbox RENAME TO outbox;
  CREATE INDEX outbox_due ON outbox (registry, due_at, entry_id) WHERE state = 'due';
  CREATE INDEX outbox_open ON outbox (batch_id) WHERE state IN ('waiting', 'due', 'parked');
  CREATE INDEX outbox_certificate ON outbox (fingerprint);`;

/**
 * SQLite cannot drop a constraint, here that no two units name one board. It has an entry for each unit, although few manifests
 * list boards.
 */
const UNITS_OF_ANY_BOARD = `CREATE TABLE units_of_any_board (
    unit_id INTEGER PRIMARY KEY,
    batch_id TEXT NOT NULL REFERENCES batches,
    row_number INTEGER NOT NULL CHECK (row_number > 0),
    serial TEXT NOT NULL,
    serial_folded TEXT NOT NULL UNIQUE,
    product TEXT NOT NULL,
    board_wanted TEXT,
    attrs TEXT NOT NULL CHECK (json_valid(attrs)),
    outcome TEXT CHECK (outcome IN ('PASS', 'FAIL', 'ERROR', 'HOLD')),
    attention INTEGER NOT NULL DEFAULT 0 CHECK (attention IN (0, 1)),
    code TEXT,
    step TEXT,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    supplement INTEGER,
    ended_attempt INTEGER,
    freed_at TEXT,
    board_freed TEXT,
    released_attempt INTEGER NOT NULL DEFAULT 0,
    UNIQUE (batch_id, row_number),
    CHECK (outcome IS NULL OR attention = 0)
  ) STRICT;
  INSERT INTO units_of_any_board SELECT unit_id, batch_id, row_number, serial, serial_folded, product, board_wanted, attrs,
    outcome, attention, code, step, attempts, supplement, ended_attempt, freed_at, board_freed, released_attempt FROM units
    ORDER BY unit_id;
  DROP TABLE units;
  ALTER TABLE units_of_any_board RENAME TO units;
  CREATE INDEX units_freed ON units (batch_id, freed_at) WHERE freed_at IS NOT NULL;`;

/**
 * Rows of a batch that is being imported are there before it. SQLite can leave that unchecked on one connection; PostgreSQL
 * cannot, and has no such constraint.
 */
const ofBatch = (name: Dialect['name']): string => (name === 'PostgreSQL' ? '' : ' REFERENCES batches');

/**
 * The schema, step by step; a step that was released is never changed, only followed by another. The database counts
 * the steps that it has behind it.
 */
const MIGRATIONS: readonly ((dialect: Dialect) => string)[] = [
  ({ name, blob, ordered, identity, strict, keyed, isJson }) => `
  CREATE TABLE batches (
    batch_id TEXT PRIMARY KEY,
    order_number TEXT NOT NULL,
    manifest TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,
    row_count INTEGER NOT NULL CHECK (row_count > 0),
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    imported_at TEXT NOT NULL,
    started_at TEXT,
    closed_at TEXT
  )${strict};

  -- A serial is used once, in whatever case, permanently; so is a board that a manifest lists.
  CREATE TABLE units (
    unit_id ${identity},
    batch_id TEXT NOT NULL${ofBatch(name)},
    row_number INTEGER NOT NULL CHECK (row_number > 0),
    serial ${ordered} NOT NULL,
    serial_folded ${ordered} NOT NULL UNIQUE,
    product TEXT NOT NULL,
    board_wanted ${ordered} UNIQUE,
    attrs TEXT NOT NULL CHECK (${isJson('attrs')}),
    outcome TEXT CHECK (outcome IN ('PASS', 'FAIL', 'ERROR', 'HOLD')),
    attention INTEGER NOT NULL DEFAULT 0 CHECK (attention IN (0, 1)),
    code TEXT,
    step TEXT,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    UNIQUE (batch_id, row_number),
    CHECK (outcome IS NULL OR attention = 0)
  )${strict};

  CREATE TABLE attempts (
    unit_id INTEGER NOT NULL REFERENCES units,
    attempt INTEGER NOT NULL CHECK (attempt > 0),
    station TEXT,
    socket TEXT,
    board_id TEXT,
    started_at TEXT,
    finished_at TEXT,
    step TEXT NOT NULL,
    code TEXT,
    reason TEXT,
    PRIMARY KEY (unit_id, attempt)
  )${keyed};

  -- No key is certified twice; no serial and no board has two live certificates.
  CREATE TABLE certificates (
    fingerprint TEXT PRIMARY KEY,
    certificate_serial TEXT NOT NULL,
    spki_sha256 TEXT NOT NULL UNIQUE,
    unit_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    board_id TEXT NOT NULL,
    der ${blob} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'superseded', 'revoked')),
    not_before TEXT NOT NULL,
    not_after TEXT NOT NULL,
    registered_at TEXT NOT NULL,
    ended_at TEXT,
    FOREIGN KEY (unit_id, attempt) REFERENCES attempts,
    CHECK ((state = 'active') = (ended_at IS NULL))
  )${strict};
  CREATE INDEX certificates_unit ON certificates (unit_id);
  CREATE UNIQUE INDEX certificates_active_unit ON certificates (unit_id) WHERE state = 'active';
  CREATE UNIQUE INDEX certificates_active_board ON certificates (board_id) WHERE state = 'active';

  CREATE TABLE evidence (
    unit_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL CHECK (${isJson('body')}),
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (unit_id, attempt, kind),
    FOREIGN KEY (unit_id, attempt) REFERENCES attempts
  )${keyed};
  `,
  ({ keyed }) => `
  -- What revocation lists said, of certificates that are registered and of those that are not, yet.
  CREATE TABLE revocations (
    certificate_serial TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    revoked_at TEXT NOT NULL
  )${keyed};

  -- The newest list of each CA that was applied: an older one says nothing any more.
  CREATE TABLE revocation_lists (
    issuer_key TEXT PRIMARY KEY,
    number INTEGER NOT NULL CHECK (number > 0),
    applied_at TEXT NOT NULL
  )${keyed};
  CREATE INDEX certificates_serial ON certificates (certificate_serial);
  `,
  ({ identity, strict }) => `
  -- What happened, beside the code of the failure.
  ALTER TABLE attempts ADD COLUMN message TEXT;

  -- Who decided what about an attempt at a unit, or (without a unit) about a batch. Kept permanently.
  CREATE TABLE decisions (
    decision_id ${identity},
    batch_id TEXT NOT NULL REFERENCES batches,
    unit_id INTEGER REFERENCES units,
    attempt INTEGER CHECK (attempt > 0),
    verdict TEXT NOT NULL,
    detail TEXT,
    reason TEXT,
    decided_by TEXT,
    decided_at TEXT NOT NULL,
    CHECK ((unit_id IS NULL) = (attempt IS NULL))
  )${strict};
  CREATE UNIQUE INDEX decisions_once ON decisions
    (batch_id, coalesce(unit_id, 0), coalesce(attempt, 0), verdict, decided_at);
  CREATE INDEX decisions_unit ON decisions (unit_id);
  `,
  ({ ordered, keyed }) => `
  -- Units of a batch that ended and run again. closed_at of the batch is the end of its first run; its state is 'closed' while
  -- none of its runs is open.
  CREATE TABLE supplements (
    batch_id TEXT NOT NULL REFERENCES batches,
    number INTEGER NOT NULL CHECK (number > 0),
    row_count INTEGER NOT NULL CHECK (row_count >= 0),
    opened_at TEXT NOT NULL,
    closed_at TEXT,
    reason TEXT,
    decided_by TEXT,
    PRIMARY KEY (batch_id, number)
  )${keyed};

  -- How a unit of a supplement had ended before.
  CREATE TABLE supplement_units (
    batch_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    row_number INTEGER NOT NULL CHECK (row_number > 0),
    unit_id INTEGER NOT NULL REFERENCES units,
    attempts INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT,
    PRIMARY KEY (batch_id, number, row_number),
    FOREIGN KEY (batch_id, number) REFERENCES supplements
  )${keyed};
  CREATE INDEX supplement_units_unit ON supplement_units (unit_id);

  -- The supplement that has a unit, the last one; attempts up to ended_attempt are history.
  ALTER TABLE units ADD COLUMN supplement INTEGER;
  ALTER TABLE units ADD COLUMN ended_attempt INTEGER;

  -- Since when the serial and the board of a unit that was never begun are free for another batch. Its serial_folded then ends
  -- in '/' and the batch, which no serial does, and board_wanted is empty.
  ALTER TABLE units ADD COLUMN freed_at TEXT;
  ALTER TABLE units ADD COLUMN board_freed ${ordered};

  -- The attempt before it, and the supplement that it belongs to.
  ALTER TABLE attempts ADD COLUMN follows INTEGER;
  ALTER TABLE attempts ADD COLUMN supplement INTEGER;
  UPDATE attempts SET follows = attempt - 1 WHERE attempt > 1 AND EXISTS (
    SELECT 1 FROM attempts AS before WHERE before.unit_id = attempts.unit_id AND before.attempt = attempts.attempt - 1);
  `,
  ({ identity, strict }) => `
  -- Boards that were refused before a key existed: they are in no attempt. Once for each board and cause.
  CREATE TABLE rejected_boards (
    rejection_id ${identity},
    station TEXT NOT NULL,
    socket TEXT NOT NULL,
    board_id TEXT,
    code TEXT NOT NULL,
    message TEXT,
    serial TEXT,
    seen_at TEXT NOT NULL
  )${strict};
  CREATE UNIQUE INDEX rejected_boards_once ON rejected_boards
    (coalesce(board_id, station || '/' || socket || '/' || seen_at), code);
  `,
  ({ name, strict, keyed }) => `
  -- Units that passed and are changed. The order is that which they count against, where it is not their own.
  CREATE TABLE reworks (
    rework_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('renew', 'rekey', 'swap', 'scrap')),
    reason TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    order_number TEXT,
    opened_at TEXT NOT NULL,
    refusal TEXT
  )${strict};
  CREATE TABLE rework_units (
    rework_id TEXT NOT NULL REFERENCES reworks,
    row_number INTEGER NOT NULL CHECK (row_number > 0),
    unit_id INTEGER NOT NULL REFERENCES units,
    first_attempt INTEGER NOT NULL CHECK (first_attempt > 1),
    last_attempt INTEGER,
    old_fingerprint TEXT NOT NULL,
    attention INTEGER NOT NULL DEFAULT 0 CHECK (attention IN (0, 1)),
    step TEXT,
    code TEXT,
    message TEXT,
    result TEXT CHECK (result IN ('done', 'kept', 'ended')),
    ended_at TEXT,
    PRIMARY KEY (rework_id, unit_id),
    CHECK ((result IS NULL) = (ended_at IS NULL))
  )${keyed};
  CREATE UNIQUE INDEX rework_units_open ON rework_units (unit_id) WHERE ended_at IS NULL;
  ALTER TABLE attempts ADD COLUMN rework_id TEXT REFERENCES reworks;

  -- How often the result of the batch was written.
  ALTER TABLE batches ADD COLUMN result_version INTEGER NOT NULL DEFAULT 0;

  -- A key is certified again where its certificate is renewed.
  ${name === 'PostgreSQL' ? RENEWABLE_COLUMNS : RENEWABLE_CERTIFICATES}
  CREATE UNIQUE INDEX certificates_key ON certificates (spki_sha256) WHERE has_old_key = 0;
  `,
  ({ long, identity, strict }) => `
  -- What device registries must yet have, or must no longer have: see Outbox. Times are milliseconds since 1970.
  CREATE TABLE outbox (
    entry_id ${identity},
    registry TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    unit_id INTEGER NOT NULL REFERENCES units,
    batch_id TEXT NOT NULL REFERENCES batches,
    fingerprint TEXT NOT NULL REFERENCES certificates,
    act TEXT NOT NULL CHECK (act IN ('put', 'withdraw')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'due', 'parked', 'done', 'abandoned')),
    version INTEGER NOT NULL DEFAULT 1,
    recorded_at ${long} NOT NULL,
    due_at ${long} NOT NULL,
    is_unknown INTEGER NOT NULL DEFAULT 0 CHECK (is_unknown IN (0, 1)),
    failures INTEGER NOT NULL DEFAULT 0,
    failed_at ${long},
    done_at ${long},
    reason TEXT,
    message TEXT,
    UNIQUE (registry, fingerprint)
  )${strict};
  CREATE INDEX outbox_due ON outbox (registry, due_at, entry_id) WHERE state = 'due';
  CREATE INDEX outbox_open ON outbox (batch_id) WHERE state IN ('waiting', 'due', 'parked');
  CREATE INDEX outbox_certificate ON outbox (fingerprint);

  -- How each device registry stands. booked_until is in microseconds since 1970: until then its rate is taken.
  CREATE TABLE device_registries (
    registry TEXT PRIMARY KEY,
    failures INTEGER NOT NULL DEFAULT 0,
    paused_until ${long} NOT NULL DEFAULT 0,
    booked_until ${long} NOT NULL DEFAULT 0,
    reason TEXT,
    message TEXT
  )${strict};
  `,
  ({ keyed }) => `
  -- Batches whose rows are in the table of units already, and in no batch yet: an import is under way, or has died. So a row
  -- of units may have no batch; a later step that makes the table of batches again has to remove these rows first.
  CREATE TABLE staged_batches (
    batch_id TEXT PRIMARY KEY,
    began_at TEXT NOT NULL
  )${keyed};

  -- Whether a batch has freed units is asked for each manifest that comes again.
  CREATE INDEX units_freed ON units (batch_id, freed_at) WHERE freed_at IS NOT NULL;
  `,
  ({ strict }) => `
  -- The furthest that the audit log of each signer had come, by the certificates that were registered; nothing while the size
  -- is 0. A log that contradicts it was restored or copied.
  CREATE TABLE signer_logs (
    log             TEXT PRIMARY KEY,
    size            INTEGER NOT NULL,
    hash            TEXT NOT NULL,
    at              TEXT NOT NULL,
    first_seen_at   TEXT NOT NULL,
    contradiction   TEXT,
    contradicted_at TEXT
  )${strict};
  CREATE TABLE accepted_signer_logs (
    log           TEXT NOT NULL,
    size          INTEGER NOT NULL,
    hash          TEXT NOT NULL,
    contradiction TEXT NOT NULL,
    accepted_at   TEXT NOT NULL,
    reason        TEXT,
    decided_by    TEXT
  )${strict};
  `,
  () => `
  -- What the manifest asks for; nothing where it asks for none.
  ALTER TABLE batches ADD COLUMN priority INTEGER CHECK (priority BETWEEN 1 AND 5);
  `,
  ({ long, strict }) => `
  -- What somebody outside must hear of: see Notices. Times are milliseconds since 1970.
  CREATE TABLE notices (
    notice_id TEXT PRIMARY KEY,
    body      TEXT NOT NULL,
    noted_at  ${long} NOT NULL,
    due_at    ${long} NOT NULL,
    failures  INTEGER NOT NULL DEFAULT 0,
    sent_at   ${long}
  )${strict};
  CREATE INDEX notices_due ON notices (noted_at) WHERE sent_at IS NULL;
  `,
  () => `
  -- How often something of a batch changed that its answers show, and how much of it they have that are beside its manifest.
  ALTER TABLE batches ADD COLUMN answer_changes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE batches ADD COLUMN answers_written INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE batches ADD COLUMN answers_changed_at TEXT;
  CREATE INDEX batches_with_late_answers ON batches (answers_changed_at) WHERE answer_changes > answers_written;
  `,
  () => `
  -- The last attempt for which the intake gave its word: those before it were given up.
  ALTER TABLE units ADD COLUMN released_attempt INTEGER NOT NULL DEFAULT 0;
  `,
  ({ name, blob, keyed }) => `
  -- Certificates that were signed for units and that nobody registered, once for each device registry that takes them nevertheless.
  CREATE TABLE unregistered_certificates (
    fingerprint TEXT NOT NULL,
    registry TEXT NOT NULL,
    unit_id INTEGER NOT NULL REFERENCES units,
    board_id TEXT NOT NULL,
    der ${blob} NOT NULL,
    PRIMARY KEY (fingerprint, registry)
  )${keyed};
  CREATE INDEX unregistered_certificates_unit ON unregistered_certificates (unit_id);

  -- So the outbox has certificates that are not registered.
  ${name === 'PostgreSQL' ? 'ALTER TABLE outbox DROP CONSTRAINT outbox_fingerprint_fkey;' : FREE_OUTBOX}
  `,
  () => `
  -- The supplement that a decision about a batch is about; nothing where it is about the first run.
  ALTER TABLE decisions ADD COLUMN supplement INTEGER;
  DROP INDEX decisions_once;
  CREATE UNIQUE INDEX decisions_once ON decisions
    (batch_id, coalesce(unit_id, 0), coalesce(attempt, 0), coalesce(supplement, 0), verdict, decided_at);
  `,
  () => `
  -- Until when the clock of the signer was ahead, as it says since a person accepted it: earlier sights may have later times.
  ALTER TABLE signer_logs ADD COLUMN clock_wrong_until TEXT;
  `,
  () => `
  -- A person asks which units had a board, and in which reworks a unit was.
  CREATE INDEX certificates_board ON certificates (board_id);
  CREATE INDEX attempts_board ON attempts (board_id);
  CREATE INDEX rework_units_unit ON rework_units (unit_id);
  `,
  ({ name }) => `
  -- A unit for any board needs no entry.
  ${name === 'PostgreSQL' ? 'ALTER TABLE units DROP CONSTRAINT units_board_wanted_key;' : UNITS_OF_ANY_BOARD}
  CREATE UNIQUE INDEX units_board ON units (board_wanted) WHERE board_wanted IS NOT NULL;
  `,
  () => `
  -- The account that has the devices of a device registry, since the first of them was sent; nothing where it names none.
  ALTER TABLE device_registries ADD COLUMN account TEXT;
  `,
];

/** The schema in the words of one database. */
export function registryMigrations(dialect: Dialect): string[] {
  return MIGRATIONS.map((migration) => migration(dialect));
}

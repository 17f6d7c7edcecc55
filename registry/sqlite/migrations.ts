/**
 * The schema, step by step; a step that was released is never changed, only followed by another. The database counts
 * the steps it has behind it in `user_version`.
 */
export const MIGRATIONS: readonly string[] = [
  `
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
  ) STRICT;

  -- A serial is used once, in whatever case, permanently; so is a board that a manifest lists.
  CREATE TABLE units (
    unit_id INTEGER PRIMARY KEY,
    batch_id TEXT NOT NULL REFERENCES batches,
    row_number INTEGER NOT NULL CHECK (row_number > 0),
    serial TEXT NOT NULL,
    serial_folded TEXT NOT NULL UNIQUE,
    product TEXT NOT NULL,
    board_wanted TEXT UNIQUE,
    attrs TEXT NOT NULL CHECK (json_valid(attrs)),
    outcome TEXT CHECK (outcome IN ('PASS', 'FAIL', 'ERROR', 'HOLD')),
    attention INTEGER NOT NULL DEFAULT 0 CHECK (attention IN (0, 1)),
    code TEXT,
    step TEXT,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    UNIQUE (batch_id, row_number),
    CHECK (outcome IS NULL OR attention = 0)
  ) STRICT;

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
  ) STRICT, WITHOUT ROWID;

  -- No key is certified twice; no serial and no board has two live certificates.
  CREATE TABLE certificates (
    fingerprint TEXT PRIMARY KEY,
    certificate_serial TEXT NOT NULL,
    spki_sha256 TEXT NOT NULL UNIQUE,
    unit_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    board_id TEXT NOT NULL,
    der BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'superseded', 'revoked')),
    not_before TEXT NOT NULL,
    not_after TEXT NOT NULL,
    registered_at TEXT NOT NULL,
    ended_at TEXT,
    FOREIGN KEY (unit_id, attempt) REFERENCES attempts,
    CHECK ((state = 'active') = (ended_at IS NULL))
  ) STRICT;
  CREATE INDEX certificates_unit ON certificates (unit_id);
  CREATE UNIQUE INDEX certificates_active_unit ON certificates (unit_id) WHERE state = 'active';
  CREATE UNIQUE INDEX certificates_active_board ON certificates (board_id) WHERE state = 'active';

  CREATE TABLE evidence (
    unit_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (unit_id, attempt, kind),
    FOREIGN KEY (unit_id, attempt) REFERENCES attempts
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What revocation lists said, of certificates that are registered and of those that are not, yet.
  CREATE TABLE revocations (
    certificate_serial TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    revoked_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The newest list of each CA that was applied: an older one says nothing any more.
  CREATE TABLE revocation_lists (
    issuer_key TEXT PRIMARY KEY,
    number INTEGER NOT NULL CHECK (number > 0),
    applied_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX certificates_serial ON certificates (certificate_serial);
  `,
  `
  -- What happened, beside the code of the failure.
  ALTER TABLE attempts ADD COLUMN message TEXT;

  -- Who decided what about an attempt at a unit, or (without a unit) about a batch. Kept permanently.
  CREATE TABLE decisions (
    decision_id INTEGER PRIMARY KEY,
    batch_id TEXT NOT NULL REFERENCES batches,
    unit_id INTEGER REFERENCES units,
    attempt INTEGER CHECK (attempt > 0),
    verdict TEXT NOT NULL,
    detail TEXT,
    reason TEXT,
    decided_by TEXT,
    decided_at TEXT NOT NULL,
    CHECK ((unit_id IS NULL) = (attempt IS NULL))
  ) STRICT;
  CREATE UNIQUE INDEX decisions_once ON decisions
    (batch_id, coalesce(unit_id, 0), coalesce(attempt, 0), verdict, decided_at);
  CREATE INDEX decisions_unit ON decisions (unit_id);
  `,
  `
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
  ) STRICT, WITHOUT ROWID;

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
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX supplement_units_unit ON supplement_units (unit_id);

  -- The supplement that has a unit, the last one; attempts up to ended_attempt are history.
  ALTER TABLE units ADD COLUMN supplement INTEGER;
  ALTER TABLE units ADD COLUMN ended_attempt INTEGER;

  -- Since when the serial and the board of a unit that was never begun are free for another batch. Its serial_folded then ends
  -- in '/' and the batch, which no serial does, and board_wanted is empty.
  ALTER TABLE units ADD COLUMN freed_at TEXT;
  ALTER TABLE units ADD COLUMN board_freed TEXT;

  -- The attempt before it, and the supplement that it belongs to.
  ALTER TABLE attempts ADD COLUMN follows INTEGER;
  ALTER TABLE attempts ADD COLUMN supplement INTEGER;
  UPDATE attempts SET follows = attempt - 1 WHERE attempt > 1 AND EXISTS (
    SELECT 1 FROM attempts AS before WHERE before.unit_id = attempts.unit_id AND before.attempt = attempts.attempt - 1);
  `,
  `
  -- Boards that were refused before a key existed: they are in no attempt. Once for each board and cause.
  CREATE TABLE rejected_boards (
    rejection_id INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    socket TEXT NOT NULL,
    board_id TEXT,
    code TEXT NOT NULL,
    message TEXT,
    serial TEXT,
    seen_at TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX rejected_boards_once ON rejected_boards
    (coalesce(board_id, station || '/' || socket || '/' || seen_at), code);
  `,
  `
  -- Units that passed and are changed. The order is that which they count against, where it is not their own.
  CREATE TABLE reworks (
    rework_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('renew', 'rekey', 'swap', 'scrap')),
    reason TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    order_number TEXT,
    opened_at TEXT NOT NULL,
    refusal TEXT
  ) STRICT;
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
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX rework_units_open ON rework_units (unit_id) WHERE ended_at IS NULL;
  ALTER TABLE attempts ADD COLUMN rework_id TEXT REFERENCES reworks;

  -- How often the result of the batch was written.
  ALTER TABLE batches ADD COLUMN result_version INTEGER NOT NULL DEFAULT 0;

  -- A key is certified again where its certificate is renewed. SQLite cannot drop the constraint.
  CREATE TABLE renewable_certificates (
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
  CREATE INDEX certificates_serial ON certificates (certificate_serial);
  CREATE UNIQUE INDEX certificates_key ON certificates (spki_sha256) WHERE has_old_key = 0;
  `,
];

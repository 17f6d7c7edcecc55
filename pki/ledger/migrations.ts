import type { Dialect } from '../../sql/dialect.ts';

/** SQLite cannot drop a constraint. */
const REBUILT_AUDIT = `CREATE TABLE chained_audit (
    seq  INTEGER PRIMARY KEY,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  INSERT INTO chained_audit SELECT seq, body, hash FROM audit ORDER BY seq;
  DROP TABLE audit;
  ALTER TABLE chained_audit RENAME TO audit;`;

/** As a trigger, since SQLite cannot add a constraint either. */
const NOTHING_IS_RESERVED = `CREATE TRIGGER nothing_is_reserved BEFORE INSERT ON issuance WHEN NEW.state = 'reserved'
    BEGIN SELECT RAISE(ABORT, 'an earlier version still runs'); END;`;

/** SQLite cannot drop a constraint, here that no two issuances have one key; PostgreSQL adds the same columns. */
const REWORKABLE_ISSUANCE = `CREATE TABLE reworkable_issuance (
    seq            INTEGER PRIMARY KEY,
    request_id     TEXT NOT NULL UNIQUE,
    request_sha256 TEXT NOT NULL,
    batch_id       TEXT NOT NULL,
    serial_folded  TEXT NOT NULL,
    attempt        INTEGER NOT NULL CHECK (attempt >= 1),
    board_id       TEXT NOT NULL,
    spki_sha256    TEXT NOT NULL,
    cert_serial    TEXT NOT NULL UNIQUE,
    not_before     TEXT NOT NULL,
    not_after      TEXT NOT NULL,
    tbs            BLOB NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('first', 'reissue')),
    state          TEXT NOT NULL CHECK (state IN ('signing', 'issued', 'active', 'superseded', 'revoked')),
    certificate    BLOB,
    reason         TEXT,
    reserved_at    TEXT NOT NULL,
    ended_at       TEXT,
    held_at        TEXT,
    revoked_by     TEXT,
    rework_id      TEXT,
    supersedes     TEXT,
    is_pending     INTEGER NOT NULL DEFAULT 0 CHECK (is_pending IN (0, 1)),
    has_old_key    INTEGER NOT NULL DEFAULT 0 CHECK (has_old_key IN (0, 1)),
    FOREIGN KEY (serial_folded, batch_id) REFERENCES released_serial (serial_folded, batch_id),
    CHECK (certificate IS NOT NULL OR state NOT IN ('issued', 'active')),
    CHECK (certificate IS NULL OR state <> 'signing')
  ) STRICT;
  INSERT INTO reworkable_issuance SELECT seq, request_id, request_sha256, batch_id, serial_folded, attempt, board_id,
    spki_sha256, cert_serial, not_before, not_after, tbs, kind, state, certificate, reason, reserved_at, ended_at, held_at,
    revoked_by, NULL, NULL, 0, 0 FROM issuance ORDER BY seq;
  DROP TABLE issuance;
  ALTER TABLE reworkable_issuance RENAME TO issuance;
  CREATE INDEX issuances_of_serial ON issuance (serial_folded);
  CREATE INDEX withdrawn_issuances ON issuance (ended_at) WHERE ended_at IS NOT NULL;
  CREATE INDEX held_issuances ON issuance (held_at) WHERE held_at IS NOT NULL;`;

const REWORKABLE_COLUMNS = `ALTER TABLE issuance DROP CONSTRAINT issuance_spki_sha256_key;
  ALTER TABLE issuance ADD COLUMN rework_id TEXT;
  ALTER TABLE issuance ADD COLUMN supersedes TEXT;
  ALTER TABLE issuance ADD COLUMN is_pending INTEGER NOT NULL DEFAULT 0 CHECK (is_pending IN (0, 1));
  ALTER TABLE issuance ADD COLUMN has_old_key INTEGER NOT NULL DEFAULT 0 CHECK (has_old_key IN (0, 1));
  DROP INDEX one_live_certificate_per_serial;
  DROP INDEX one_live_certificate_per_board;`;

/**
 * The ledger's schema, one script per version, applied in order and never changed once released. The constraints repeat
 * in the database what the policy decides: a defect there must not become a certificate.
 */
const MIGRATIONS: readonly ((dialect: Dialect) => string)[] = [
  ({ blob, identity, strict }) => `
  CREATE TABLE batch (
    batch_id      TEXT PRIMARY KEY,
    order_id      TEXT NOT NULL,
    quota         INTEGER NOT NULL CHECK (quota >= 1),
    reissue_quota INTEGER NOT NULL CHECK (reissue_quota >= 0),
    released      INTEGER NOT NULL DEFAULT 0 CHECK (released BETWEEN 0 AND quota),
    reserved      INTEGER NOT NULL DEFAULT 0 CHECK (reserved BETWEEN 0 AND quota),
    reissued      INTEGER NOT NULL DEFAULT 0 CHECK (reissued BETWEEN 0 AND reissue_quota)
  )${strict};

  -- A serial belongs to one batch permanently. Clouds ignore its case, and so do we.
  CREATE TABLE released_serial (
    serial_folded TEXT PRIMARY KEY,
    serial        TEXT NOT NULL,
    batch_id      TEXT NOT NULL REFERENCES batch (batch_id),
    product       TEXT NOT NULL,
    board_id      TEXT,
    UNIQUE (serial_folded, batch_id)
  )${strict};

  CREATE TABLE issuance (
    seq            ${identity},
    request_id     TEXT NOT NULL UNIQUE,
    request_sha256 TEXT NOT NULL,
    batch_id       TEXT NOT NULL,
    serial_folded  TEXT NOT NULL,
    attempt        INTEGER NOT NULL CHECK (attempt >= 1),
    board_id       TEXT NOT NULL,
    spki_sha256    TEXT NOT NULL UNIQUE,
    cert_serial    TEXT NOT NULL UNIQUE,
    not_before     TEXT NOT NULL,
    not_after      TEXT NOT NULL,
    tbs            ${blob} NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('first', 'reissue')),
    state          TEXT NOT NULL
                   CHECK (state IN ('reserved', 'signing', 'issued', 'active', 'superseded', 'revoked', 'void')),
    certificate    ${blob},
    reason         TEXT,
    reserved_at    TEXT NOT NULL,
    FOREIGN KEY (serial_folded, batch_id) REFERENCES released_serial (serial_folded, batch_id),
    CHECK (certificate IS NOT NULL OR state NOT IN ('issued', 'active')),
    CHECK (certificate IS NULL OR state NOT IN ('reserved', 'signing', 'void'))
  )${strict};

  CREATE UNIQUE INDEX one_live_certificate_per_serial ON issuance (serial_folded)
    WHERE state IN ('reserved', 'signing', 'issued', 'active');
  CREATE UNIQUE INDEX one_live_certificate_per_board ON issuance (board_id)
    WHERE state IN ('reserved', 'signing', 'issued', 'active');
  CREATE INDEX issuances_of_serial ON issuance (serial_folded);

  CREATE TABLE audit (
    seq       INTEGER PRIMARY KEY,
    body      TEXT NOT NULL,
    hash      TEXT NOT NULL UNIQUE
  )${strict};
  `,
  ({ strict, json }) => `
  -- When an issuance ended, and since when it is on hold: what a revocation list says of it.
  ALTER TABLE issuance ADD COLUMN ended_at TEXT;
  ALTER TABLE issuance ADD COLUMN held_at TEXT;
  UPDATE issuance SET ended_at = ended.at FROM (
    SELECT ${json('body', 'requestId')} AS request_id, max(${json('body', 'at')}) AS at FROM audit
      WHERE ${json('body', 'event')} IN ('superseded', 'revoked', 'void') GROUP BY 1) AS ended
    WHERE ended.request_id = issuance.request_id AND state IN ('superseded', 'revoked', 'void');
  CREATE INDEX withdrawn_issuances ON issuance (ended_at) WHERE state IN ('superseded', 'revoked');
  CREATE INDEX held_issuances ON issuance (held_at) WHERE held_at IS NOT NULL;

  -- Revocation lists that were numbered; mark says which withdrawals each contains.
  CREATE TABLE crl (
    issuer  TEXT NOT NULL,
    number  INTEGER NOT NULL CHECK (number >= 1),
    mark    TEXT NOT NULL,
    made_at TEXT NOT NULL,
    PRIMARY KEY (issuer, number)
  )${strict};
  `,
  ({ strict }) => `
  -- What the OEM ordered, and how much of it is used, over all batches.
  CREATE TABLE purchase_order (
    order_id        TEXT PRIMARY KEY,
    revision        INTEGER NOT NULL CHECK (revision >= 1),
    sha256          TEXT NOT NULL,
    signed_by       TEXT NOT NULL,
    products        TEXT NOT NULL,
    quantity        INTEGER NOT NULL CHECK (quantity >= 1),
    reissues        INTEGER NOT NULL CHECK (reissues >= 0),
    opens           TEXT NOT NULL,
    closes          TEXT NOT NULL,
    manifest_sha256 TEXT,
    released        INTEGER NOT NULL CHECK (released BETWEEN 0 AND quantity),
    reissued        INTEGER NOT NULL CHECK (reissued BETWEEN 0 AND reissues),
    closed_at       TEXT
  )${strict};
  `,
  () => `
  -- The last attempt of a unit that ended without a pass: neither it nor an earlier one is ever signed.
  ALTER TABLE released_serial ADD COLUMN withdrawn_attempt INTEGER NOT NULL DEFAULT 0;
  `,
  ({ strict }) => `
  -- Stations whose requests are accepted, by their public keys.
  CREATE TABLE station (
    station_id  TEXT PRIMARY KEY,
    verifier    TEXT NOT NULL,
    per_minute  INTEGER NOT NULL CHECK (per_minute >= 1),
    enrolled_at TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('enrolled', 'stopped', 'revoked')),
    reason      TEXT
  )${strict};
  `,
  ({ name }) => `
  -- A reservation says at once that a signature may exist, so nothing is reserved without, and nothing ends void.
  UPDATE issuance SET state = 'signing' WHERE state = 'reserved';
  UPDATE issuance SET state = 'superseded' WHERE state = 'void';

  -- The hash of an entry is unique by itself; an index of random numbers costs a page of the disk for each.
  ${name === 'PostgreSQL' ? 'ALTER TABLE audit DROP CONSTRAINT audit_hash_key;' : REBUILT_AUDIT}
  `,
  () => `
  -- When the station's allowance would have been exhausted; it fills steadily, to a minute's worth.
  ALTER TABLE station ADD COLUMN empty_at TEXT;
  `,
  () => `
  -- What has not ended is live. Said by state, each certificate that is stored would change these indexes, and dirty a page
  -- of each, to no effect.
  UPDATE issuance SET ended_at = reserved_at WHERE ended_at IS NULL AND state IN ('superseded', 'revoked');
  DROP INDEX one_live_certificate_per_serial;
  DROP INDEX one_live_certificate_per_board;
  DROP INDEX withdrawn_issuances;
  CREATE UNIQUE INDEX one_live_certificate_per_serial ON issuance (serial_folded) WHERE ended_at IS NULL;
  CREATE UNIQUE INDEX one_live_certificate_per_board ON issuance (board_id) WHERE ended_at IS NULL;
  CREATE INDEX withdrawn_issuances ON issuance (ended_at) WHERE ended_at IS NOT NULL;
  `,
  ({ name, json }) => `
  -- What once was void used nothing of its batch: the first issuance of its serial is the one that does. No other entry
  -- may be read as JSON here: PostgreSQL refuses an escaped NUL, which a refused request can have had in it.
  UPDATE issuance SET kind = 'reissue' WHERE request_id IN (
    SELECT CASE WHEN body LIKE '%"event":"void"%' THEN ${json('body', 'requestId')} END FROM audit);

  -- A signer of an earlier version that still runs would continue to reserve without saying that a signature may exist.
  UPDATE issuance SET state = 'signing' WHERE state = 'reserved';
  UPDATE issuance SET state = 'superseded' WHERE state = 'void';
  ${name === 'PostgreSQL' ? "ALTER TABLE issuance ADD CHECK (state NOT IN ('reserved', 'void'));" : NOTHING_IS_RESERVED}
  `,
  ({ json }) => `
  -- What an order may say besides: whom it is for, the list of its serials, the profiles of its products.
  ALTER TABLE purchase_order ADD COLUMN signer TEXT;
  ALTER TABLE purchase_order ADD COLUMN serials_sha256 TEXT;
  ALTER TABLE purchase_order ADD COLUMN profiles TEXT;

  -- The manifest of a batch, as it was released, and when a person took back what was left of the batch.
  ALTER TABLE batch ADD COLUMN manifest_sha256 TEXT;
  ALTER TABLE batch ADD COLUMN withdrawn_at TEXT;
  UPDATE batch SET manifest_sha256 = released.digest FROM (
    SELECT CASE WHEN body LIKE '%"event":"batch-released"%' THEN ${json('body', 'batchId')} END AS batch_id,
      CASE WHEN body LIKE '%"event":"batch-released"%' THEN ${json('body', 'manifestSha256')} END AS digest
      FROM audit) AS released
    WHERE released.batch_id = batch.batch_id;

  -- The entry of the audit log that released a serial: its digest is over all serials of that entry.
  ALTER TABLE released_serial ADD COLUMN entry INTEGER;
  `,
  () => `
  -- The person who revoked the certificate; null where the factory line did.
  ALTER TABLE issuance ADD COLUMN revoked_by TEXT;
  `,
  () => `
  -- Units of a batch that were given back: its order has so many more left. The quota stays as it was released.
  ALTER TABLE batch ADD COLUMN returned INTEGER NOT NULL DEFAULT 0 CHECK (returned >= 0);
  `,
  ({ strict }) => `
  -- A unit that has ended gets no certificate, whatever the attempt, until a further attempt is released: the first that may
  -- be signed then, and for which run of its batch.
  ALTER TABLE released_serial ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE released_serial ADD COLUMN further_attempt INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE released_serial ADD COLUMN further_run TEXT;
  UPDATE released_serial SET ended = 1 WHERE withdrawn_attempt > 0;

  -- Serials that were never begun, and were given back: their batch has so many units less, their order so many more left.
  CREATE TABLE returned_serial (
    serial_folded TEXT NOT NULL,
    batch_id      TEXT NOT NULL REFERENCES batch (batch_id),
    returned_at   TEXT NOT NULL,
    PRIMARY KEY (serial_folded, batch_id)
  )${strict};
  CREATE INDEX serials_of_entry ON released_serial (entry);
  `,
  ({ name, strict }) => `
  -- Units that passed and may get another certificate, or lose theirs, each for one reissue of this order.
  CREATE TABLE rework (
    rework_id     TEXT NOT NULL,
    serial_folded TEXT NOT NULL REFERENCES released_serial (serial_folded),
    kind          TEXT NOT NULL CHECK (kind IN ('renew', 'rekey', 'swap', 'scrap')),
    order_id      TEXT NOT NULL,
    released_at   TEXT NOT NULL,
    is_used       INTEGER NOT NULL DEFAULT 0 CHECK (is_used IN (0, 1)),
    ended_at      TEXT,
    PRIMARY KEY (rework_id, serial_folded)
  )${strict};
  CREATE UNIQUE INDEX one_rework_per_serial ON rework (serial_folded) WHERE ended_at IS NULL;

  -- A certificate that takes the place of an active one is pending until it is active itself: only then the other one
  -- ends. A key is certified again only where a certificate is renewed.
  ${name === 'PostgreSQL' ? REWORKABLE_COLUMNS : REWORKABLE_ISSUANCE}
  CREATE UNIQUE INDEX one_live_certificate_per_serial ON issuance (serial_folded, is_pending) WHERE ended_at IS NULL;
  CREATE UNIQUE INDEX one_live_certificate_per_board ON issuance (board_id, is_pending) WHERE ended_at IS NULL;
  CREATE UNIQUE INDEX one_serial_per_key ON issuance (spki_sha256) WHERE has_old_key = 0;
  ${name === 'PostgreSQL' ? '' : NOTHING_IS_RESERVED}
  `,
  ({ strict }) => `
  -- When a person said that the clock is right, although what was signed until then has later times.
  CREATE TABLE clock_acceptance (
    issuance_seq INTEGER NOT NULL,
    accepted_at  TEXT NOT NULL
  )${strict};
  `,
  () => `
  -- The highest attempt at a unit that was permitted, and the station that asked for a certificate; null in rows of earlier
  -- versions, whose certificates become active without the word of a station.
  ALTER TABLE released_serial ADD COLUMN permitted_attempt INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE issuance ADD COLUMN station_id TEXT;
  `,
  () => `
  -- The highest attempt at a unit that the intake asked for: one word gives one number. Those that were permitted were asked for.
  ALTER TABLE released_serial ADD COLUMN asked_attempt INTEGER NOT NULL DEFAULT 0;
  UPDATE released_serial SET asked_attempt = permitted_attempt WHERE permitted_attempt > 1;

  -- Supplements that a batch had had when the unit was given back: only a later one takes it back.
  ALTER TABLE returned_serial ADD COLUMN supplements INTEGER NOT NULL DEFAULT 0;
  `,
  ({ strict }) => `
  -- A batch may also end before it is released: its units are given back, and its release comes later, or never. SQLite cannot drop
  -- the reference.
  CREATE TABLE given_back (
    serial_folded TEXT NOT NULL,
    batch_id      TEXT NOT NULL,
    returned_at   TEXT NOT NULL,
    supplements   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (serial_folded, batch_id)
  )${strict};
  INSERT INTO given_back SELECT serial_folded, batch_id, returned_at, supplements FROM returned_serial;
  DROP TABLE returned_serial;
  ALTER TABLE given_back RENAME TO returned_serial;
  CREATE INDEX returned_of_batch ON returned_serial (batch_id);
  `,
  ({ strict }) => `
  -- The key that a station had before: the entry of the audit log that gave it another one, the newest issuance then, and whether
  -- it was stopped or revoked. Passes that it signed come later.
  CREATE TABLE station_key (
    entry         INTEGER PRIMARY KEY,
    station_id    TEXT NOT NULL,
    verifier      TEXT NOT NULL,
    issuance_seq  INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('enrolled', 'stopped', 'revoked'))
  )${strict};
  CREATE INDEX keys_of_station ON station_key (station_id);
  `,
];

/** The schema in the words of one database. */
export function ledgerMigrations(dialect: Dialect): string[] {
  return MIGRATIONS.map((migration) => migration(dialect));
}

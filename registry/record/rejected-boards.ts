import type { FailureCode } from '../../provisioning/failure-table.ts';
import type { RejectedBoard } from '../../provisioning/rejected-board.ts';
import { integer, present, text } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { CodeCount, SocketYield } from '../registry.ts';

/**
 * The newest of so many are kept: what a line that rejects one board in a hundred sees in ten million units. Anybody who can write to
 * Temporal can report one.
 */
const KEPT = 100_000;

/** See Registry.recordRejectedBoard. Runs inside a transaction. */
export async function recordRejectedBoard(db: SqlTransaction, board: RejectedBoard): Promise<void> {
  const { stationId, socket, boardId, code, message, serial, seenAt } = board;
  const kept = '(SELECT max(rejection_id) FROM rejected_boards) - ?';
  await db.run(`DELETE FROM rejected_boards WHERE rejection_id < ${kept}`, KEPT);
  await db.run(
    `INSERT INTO rejected_boards (station, socket, board_id, code, message, serial, seen_at)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    stationId,
    socket,
    boardId,
    code,
    message,
    serial,
    seenAt,
  );
}

/** See Registry.rejectedBoards. */
export async function rejectedBoards(db: SqlTransaction, limit: number): Promise<RejectedBoard[]> {
  const rows = await db.all('SELECT * FROM rejected_boards ORDER BY rejection_id DESC LIMIT ?', limit);
  return rows.map((row) => ({
    stationId: text(row, 'station'),
    socket: text(row, 'socket'),
    code: text(row, 'code') as FailureCode,
    ...present(row, { boardId: 'board_id', message: 'message', serial: 'serial' }),
    seenAt: text(row, 'seen_at'),
  }));
}

/** See Registry.socketYields. */
export async function socketYields(db: SqlTransaction): Promise<SocketYield[]> {
  const codes = Map.groupBy(
    await db.all(
      `SELECT station, socket, code, count(*) AS boards FROM (
         SELECT station, socket, code FROM attempts WHERE station IS NOT NULL AND code IS NOT NULL
         UNION ALL SELECT station, socket, code FROM rejected_boards) AS boards_seen
       GROUP BY station, socket, code ORDER BY boards DESC, code`,
    ),
    (row) => keyOf(text(row, 'station'), text(row, 'socket')),
  );
  const rows = await db.all(
    `SELECT station, socket, sum(passed) AS passed, sum(failed) AS failed, sum(rejected) AS rejected FROM (
       SELECT station, socket, CASE WHEN code IS NULL THEN 1 ELSE 0 END AS passed,
         CASE WHEN code IS NULL THEN 0 ELSE 1 END AS failed, 0 AS rejected
         FROM attempts WHERE station IS NOT NULL AND finished_at IS NOT NULL
       UNION ALL SELECT station, socket, 0, 0, 1 FROM rejected_boards) AS boards_seen
     GROUP BY station, socket ORDER BY station, socket`,
  );
  return rows.map((row) => {
    const [stationId, socket] = [text(row, 'station'), text(row, 'socket')];
    return {
      stationId,
      socket,
      passed: integer(row, 'passed'),
      failed: integer(row, 'failed'),
      rejected: integer(row, 'rejected'),
      codes: (codes.get(keyOf(stationId, socket)) ?? []).map((count): CodeCount => ({
        code: text(count, 'code'),
        boards: integer(count, 'boards'),
      })),
    };
  });
}

function keyOf(station: string, socket: string): string {
  return JSON.stringify([station, socket]);
}

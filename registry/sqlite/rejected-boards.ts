import type { FailureCode } from '../../provisioning/failure-table.ts';
import type { RejectedBoard } from '../../provisioning/rejected-board.ts';
import { integer, present, text } from '../../sql/row.ts';
import type { SqliteConnection } from '../../sql/sqlite-connection.ts';
import type { CodeCount, SocketYield } from '../registry.ts';

/** See Registry.recordRejectedBoard. Runs inside a transaction. */
export function recordRejectedBoard(db: SqliteConnection, board: RejectedBoard): void {
  const { stationId, socket, boardId, code, message, serial, seenAt } = board;
  db.run(
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
export function rejectedBoards(db: SqliteConnection, limit: number): RejectedBoard[] {
  const rows = db.all('SELECT * FROM rejected_boards ORDER BY rejection_id DESC LIMIT ?', limit);
  return rows.map((row) => ({
    stationId: text(row, 'station'),
    socket: text(row, 'socket'),
    code: text(row, 'code') as FailureCode,
    ...present(row, { boardId: 'board_id', message: 'message', serial: 'serial' }),
    seenAt: text(row, 'seen_at'),
  }));
}

/** See Registry.socketYields. */
export function socketYields(db: SqliteConnection): SocketYield[] {
  const codes = Map.groupBy(
    db.all(
      `SELECT station, socket, code, count(*) AS boards FROM (
         SELECT station, socket, code FROM attempts WHERE station IS NOT NULL AND code IS NOT NULL
         UNION ALL SELECT station, socket, code FROM rejected_boards)
       GROUP BY station, socket, code ORDER BY boards DESC, code`,
    ),
    (row) => keyOf(text(row, 'station'), text(row, 'socket')),
  );
  const rows = db.all(
    `SELECT station, socket, sum(passed) AS passed, sum(failed) AS failed, sum(rejected) AS rejected FROM (
       SELECT station, socket, code IS NULL AS passed, code IS NOT NULL AS failed, 0 AS rejected
         FROM attempts WHERE station IS NOT NULL AND finished_at IS NOT NULL
       UNION ALL SELECT station, socket, 0, 0, 1 FROM rejected_boards)
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

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rowsOf } from './line-evidence.ts';

/** How far a running line is, by what lies on disk; what is not there yet counts nothing. */
export interface LineProgress {
  readonly passed: number;
  /** Certificates that were signed. */
  readonly signed: number;
  /** Boards that hold a key and no certificate. */
  readonly keyed: number;
}

/** Looks while the line writes; never waits for it. */
export function progressOf(stateFolder: string): LineProgress {
  const count = (path: string, where: string): number => {
    const file = join(stateFolder, path);
    if (!existsSync(file)) return 0;
    try {
      return rowsOf(file, `SELECT 1 FROM ${where}`).length;
    } catch {
      // Being made, or in recovery after a kill: another look will tell.
      return 0;
    }
  };
  return {
    passed: count('registry.db', `units WHERE outcome = 'PASS'`),
    signed: count(join('signer', 'ledger.db'), 'issuance WHERE certificate IS NOT NULL'),
    keyed: boardsWithKeyAlone(join(stateFolder, 'virtual-line', 'boards')),
  };
}

function boardsWithKeyAlone(boards: string): number {
  const size = (board: string, file: string): number =>
    statSync(join(boards, board, 'lfs1', 'credentials', file), { throwIfNoEntry: false })?.size ?? 0;
  const ids = existsSync(boards) ? readdirSync(boards) : [];
  return ids.filter((board) => size(board, 'key.der') > 0 && size(board, 'crt.der') === 0).length;
}

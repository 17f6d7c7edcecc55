import type { RejectedBoard } from '../../provisioning/rejected-board.ts';
import { registryBookkeeping } from '../steps.ts';

/**
 * How a station, which cannot reach the registry, records a board that it refused. Its id names board and cause, so that each
 * is recorded once; a list of these workflows shows bad boards as they come.
 */
export async function rejectedBoard(board: RejectedBoard): Promise<void> {
  await registryBookkeeping.recordRejectedBoard(board);
}

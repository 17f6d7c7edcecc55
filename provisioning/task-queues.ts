/**
 * Boards meet units by task queue: a station offers each board on the queue of what it is, and Temporal's matching
 * is the routing table.
 */
export const WORKFLOW_QUEUE = 'orchestrator';
export const SIGNER_QUEUE = 'signer';
export const REGISTRY_QUEUE = 'registry';

/** Any blank board of a product. */
export function anyBoardQueue(product: string): string {
  return `boards/${product}`;
}

const LISTED_BOARD = 'board/';
const PROVISIONED_BOARD = 'unit/';

/** What the names of queues begin with that are for a single board. */
export const BOARD_QUEUES = [LISTED_BOARD, PROVISIONED_BOARD] as const;

/** The one board that a manifest names by its hardware id. */
export function listedBoardQueue(boardId: string): string {
  return `${LISTED_BOARD}${boardId}`;
}

/** The board that already carries our certificate for a serial, in any socket. */
export function provisionedBoardQueue(serial: string): string {
  return `${PROVISIONED_BOARD}${serial}`;
}

/** The station that holds a unit's board. */
export function stationQueue(stationId: string): string {
  return `station/${stationId}`;
}

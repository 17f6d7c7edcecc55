/** All workflow types, by their names on the wire; the entry of the workflow bundle. */
export { rejectedBoard } from './board/rejected-board.ts';
export { batch } from './batch/batch.ts';
export { chunk } from './chunk/chunk.ts';
export { deviceRegistry } from './device-registry/device-registry.ts';
export { askOrder } from './order/ask-order.ts';
export { rework } from './rework/rework.ts';
export { reworkUnit } from './rework/rework-unit.ts';
export { unit } from './unit/unit.ts';

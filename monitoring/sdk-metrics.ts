import { BOARD_QUEUES } from '../provisioning/task-queues.ts';

/** Series of the SDK with the queue of a single board or unit: there are as many as boards, and their names are serials. */
const OF_ONE_BOARD = new RegExp(`\\btask_queue="(?:${BOARD_QUEUES.join('|')})`);

/** The metrics of the Temporal SDK, text, without the series that are about a single board or unit. */
export function boundedSdkMetrics(text: string): string {
  return text
    .split('\n')
    .filter((line) => !OF_ONE_BOARD.test(line))
    .join('\n');
}

import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType, WorkflowIdReusePolicy } from '@temporalio/common';
import type { Logger } from 'pino';
import type { RejectedBoard } from '../provisioning/rejected-board.ts';
import type { SearchAttributeName } from '../provisioning/search-attributes.ts';
import { WORKFLOW_QUEUE } from '../provisioning/task-queues.ts';
import { rejectedBoardWorkflowId } from '../provisioning/workflow-ids.ts';
import { every } from './periodic-role.ts';
import type { Role } from './role.ts';

/** A board that waits to be reported is reported within this time. */
const PAUSE_MS = 2_000;

/** Boards that wait to be reported while Temporal cannot be reached; one beyond is only in the log. */
const WAITING_MAX = 1_000;

/** Reports of this process that are remembered: a board stays in its socket for long, and is seen each second. */
const KNOWN_MAX = 10_000;

const keyword = (name: SearchAttributeName) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** Boards that a station refuses, on their way to the registry: each board once for each cause. */
export class RejectionReports {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #known = new Set<string>();
  readonly #waiting: RejectedBoard[] = [];

  constructor(client: Client, log: Logger) {
    this.#client = client;
    this.#log = log;
  }

  add(board: RejectedBoard): void {
    const id = rejectedBoardWorkflowId(board);
    if (this.#known.has(id)) return;
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.add(id);
    this.#log.warn({ ...board }, 'board rejected');
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(board);
  }

  /** Reports until stopped; what waits then is reported when the board is seen again. */
  run(): Role {
    const failed = 'rejected boards cannot be reported; the next attempt comes';
    return every(PAUSE_MS, [{ run: () => this.#report(), failed }], this.#log);
  }

  async #report(): Promise<void> {
    for (let board = this.#waiting[0]; board !== undefined; board = this.#waiting[0]) {
      await this.#start(board);
      this.#waiting.shift();
    }
  }

  async #start(board: RejectedBoard): Promise<void> {
    try {
      await this.#client.workflow.start('rejectedBoard', {
        workflowId: rejectedBoardWorkflowId(board),
        taskQueue: WORKFLOW_QUEUE,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        args: [board],
        typedSearchAttributes: [
          { key: keyword('ProvError'), value: board.code },
          { key: keyword('ProvStation'), value: board.stationId },
        ],
        staticSummary: `${board.stationId} socket ${board.socket}: ${board.code}`,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}

import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { BatchProgress } from '../provisioning/batch.ts';
import type { LineReport, LineTrouble } from '../provisioning/line-trouble.ts';
import { MESSAGES } from '../provisioning/messages.ts';

const RUNNING_BATCHES = `WorkflowType = 'batch' AND ExecutionStatus = 'Running'`;

/**
 * Reports to every batch that runs what one part of the line knows to be wrong: one signal to each when that changes, and
 * none while all is well.
 */
export class BatchTeller {
  readonly #client: Client;
  readonly #source: string;
  readonly #isOwn: (trouble: LineTrouble) => boolean;
  readonly #log: Logger;
  /** What each batch knows, by workflow id. */
  #known: Map<string, string> | undefined;

  /** `isOwn`: which of the troubles that a batch knows are of this source. */
  constructor(client: Client, source: string, isOwn: (trouble: LineTrouble) => boolean, log: Logger) {
    this.#client = client;
    this.#source = source;
    this.#isOwn = isOwn;
    this.#log = log;
  }

  /** `concerns`: which trouble is reported to which batch. Throws what the client throws where batches cannot be listed. */
  async tell(
    all: readonly LineTrouble[],
    concerns: (trouble: LineTrouble, workflowId: string) => boolean = () => true,
  ): Promise<void> {
    const before = this.#known;
    // Nothing to report, and nothing to take back.
    if (before !== undefined && all.length === 0 && before.size === 0) return;
    const known = new Map<string, string>();
    for await (const { workflowId } of this.#client.workflow.list({ query: RUNNING_BATCHES })) {
      const trouble = all.filter((each) => concerns(each, workflowId));
      const last =
        before === undefined ? await this.#saidEarlier(workflowId) : (before.get(workflowId) ?? NOTHING);
      const now = textOf(trouble);
      const isHeard = last === now || (await this.#signal(workflowId, trouble));
      if ((isHeard ? now : last) !== NOTHING) known.set(workflowId, isHeard ? now : last);
    }
    this.#known = known;
  }

  /** What an earlier process of this source reported is still shown. */
  async #saidEarlier(workflowId: string): Promise<string> {
    try {
      const { trouble = [] } = await this.#client.workflow
        .getHandle(workflowId)
        .query<BatchProgress>(MESSAGES.progress);
      return textOf(trouble.filter(this.#isOwn));
    } catch (error) {
      this.#log.warn({ workflowId, err: error }, 'the batch does not say what is wrong with the line');
      return UNKNOWN;
    }
  }

  async #signal(workflowId: string, trouble: readonly LineTrouble[]): Promise<boolean> {
    const report: LineReport = { source: this.#source, trouble };
    try {
      await this.#client.workflow.getHandle(workflowId).signal(MESSAGES.lineReport, report);
      return true;
    } catch (error) {
      // It may just have ended.
      this.#log.warn({ workflowId, err: error }, 'the batch gets no word of the line');
      return false;
    }
  }
}

function textOf(trouble: readonly LineTrouble[]): string {
  return JSON.stringify(trouble.map(({ code, station, socket, says }) => [code, station, socket, says]));
}

const NOTHING = textOf([]);
/** Neither nothing nor anything that can be said: the next round reports. */
const UNKNOWN = '';

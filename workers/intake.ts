import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { openInbox } from '../manifests/intake/inbox.ts';
import type { InboxEvent } from '../manifests/intake/inbox.ts';
import { createIntake } from '../manifests/intake/intake.ts';
import type { NewBatch } from '../provisioning/batch-record.ts';
import { printable } from '../provisioning/printable.ts';
import type { Product } from '../provisioning/product.ts';
import type { Registry } from '../registry/registry.ts';
import { startBatchWorkflow } from './batch-start.ts';
import type { Role } from './role.ts';

export interface IntakeRoleOptions {
  readonly inbox: string;
  readonly stateFolder: string;
  readonly products: readonly Product[];
  readonly registry: Registry;
  readonly client: Client;
  /** Units under way at once, for batches that start from now on. */
  readonly unitsInFlight: number;
  readonly log: Logger;
  /** Called with the order of a batch before it starts, where nobody signs orders. */
  readonly rehearse?: (order: string) => Promise<void>;
  /** Receives every answer that was written beside a manifest. */
  readonly onEvent?: (event: InboxEvent) => void;
}

/** Watches the drop folder: a manifest that is accepted is registered, and its batch is started. */
export async function startIntake(options: IntakeRoleOptions): Promise<Role> {
  const { inbox: folder, stateFolder, products, registry, client, unitsInFlight, log } = options;
  const startBatch = async (batch: NewBatch): Promise<void> => {
    const { batchId, order, manifest, manifestSha256, quantity } = batch;
    await options.rehearse?.(order);
    const window = unitsInFlight;
    await startBatchWorkflow(client, { batchId, order, manifest, manifestSha256, quantity, window });
    await registry.recordStart(batchId);
    log.info({ batchId, order, manifest, quantity }, 'batch started');
  };
  // A crash between the import and the start left a batch that nobody works on.
  for (const batch of await registry.listBatches()) {
    if (batch.startedAt === undefined) await startBatch(batch);
  }
  const inbox = await openInbox({
    folder,
    stateFolder,
    accept: createIntake({
      products,
      registered: registry,
      importBatch: registry.importBatch.bind(registry),
      startBatch,
    }),
    report: (event) => {
      note(log, event);
      options.onEvent?.(event);
    },
  });
  const ended = Promise.withResolvers<void>();
  return {
    ended: ended.promise,
    stop: async () => {
      await inbox.close();
      ended.resolve();
    },
  };
}

function note(log: Logger, event: InboxEvent): void {
  // Anyone who drops a file names it.
  const manifest = printable(event.name);
  if (event.kind === 'problem') log.warn({ manifest, err: event.error }, 'inbox failed, it will try again');
  else
    log.info(
      { manifest, status: event.verdict.status, answer: printable(event.answer) },
      'manifest answered',
    );
}

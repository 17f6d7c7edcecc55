import { join, relative } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Verdict } from '../manifests/check/verdict.ts';
import type { ManifestCopy } from '../manifests/intake/copy-manifest.ts';
import { openInbox } from '../manifests/intake/inbox.ts';
import type { Inbox, InboxEvent } from '../manifests/intake/inbox.ts';
import { createIntake } from '../manifests/intake/intake.ts';
import type { NewBatch } from '../provisioning/batch-record.ts';
import { printable } from '../provisioning/printable.ts';
import type { Product } from '../provisioning/product.ts';
import type { Registry } from '../registry/registry.ts';
import { askSigner } from './ask-order.ts';
import { startBatchWorkflow } from './batch-start.ts';
import type { Role } from './role.ts';

export interface IntakeRoleOptions {
  readonly inbox: string;
  /** Those that have a folder of their own below the inbox. */
  readonly manufacturers: readonly string[];
  /** Products that the sockets of this host take; undefined where the sockets are on other hosts. */
  readonly socketProducts: ReadonlySet<string> | undefined;
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
  const { inbox: root, manufacturers, stateFolder, products, registry, client, unitsInFlight, log } = options;
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
  const intake = createIntake({
    products,
    registered: registry,
    // The order of a rehearsal is made for just this batch when it starts.
    askOrder: options.rehearse === undefined ? askSigner(client) : undefined,
    socketProducts: options.socketProducts,
    nameOf: (copy) => relative(root, join(copy.folder, copy.name)),
    importBatch: registry.importBatch.bind(registry),
    startBatch,
  });
  // One manifest at a time, whatever folder it is in: two would both be allowed what is left of an order.
  let last: Promise<unknown> = Promise.resolve();
  const accept = async (copy: ManifestCopy): Promise<Verdict> => {
    const next = last.then(() => intake(copy));
    last = next.catch(() => undefined);
    return await next;
  };
  const closings = async (): Promise<ReadonlyMap<string, string>> => {
    const ended = (await registry.listBatches()).filter(({ closedAt }) => closedAt !== undefined);
    return new Map(ended.map(({ batchId, closedAt = '' }) => [batchId, closedAt]));
  };
  const report = (event: InboxEvent): void => {
    note(log, event);
    options.onEvent?.(event);
  };
  const inboxes: Inbox[] = [];
  try {
    for (const folder of inboxFolders(root, manufacturers))
      inboxes.push(await openInbox({ folder, stateFolder, accept, closings, report }));
  } catch (error) {
    await Promise.all(inboxes.map((inbox) => inbox.close()));
    throw error;
  }
  const ended = Promise.withResolvers<void>();
  return {
    ended: ended.promise,
    stop: async () => {
      await Promise.all(inboxes.map((inbox) => inbox.close()));
      ended.resolve();
    },
  };
}

/** The inbox itself, and the folder of each manufacturer in it. */
export function inboxFolders(inbox: string, manufacturers: readonly string[]): string[] {
  return [inbox, ...manufacturers.map((name) => join(inbox, name))];
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

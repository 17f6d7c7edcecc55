import { basename, dirname, join, relative } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { lotFiles } from '../manifests/answer/lot-files.ts';
import type { Verdict } from '../manifests/check/verdict.ts';
import type { EndOf } from '../manifests/intake/archive.ts';
import { isLarge } from '../manifests/intake/copy-manifest.ts';
import type { ManifestCopy } from '../manifests/intake/copy-manifest.ts';
import { inboxFolders } from '../manifests/intake/inbox-folders.ts';
import { openInbox } from '../manifests/intake/inbox.ts';
import type { Inbox, InboxEvent } from '../manifests/intake/inbox.ts';
import { createIntake } from '../manifests/intake/intake.ts';
import type { IntakePorts } from '../manifests/intake/intake.ts';
import type { NewBatch } from '../provisioning/batch-record.ts';
import { printable } from '../provisioning/printable.ts';
import type { Product } from '../provisioning/product.ts';
import type { Registry } from '../registry/registry.ts';
import { askSigner } from './ask-order.ts';
import type { RegistryPlace } from '../line/registry.ts';
import { startBatchWorkflow } from './batch-start.ts';
import { takeInOnThread } from './large-manifest.ts';
import { lotEnd } from './lot-end.ts';
import type { Role } from './role.ts';
import { Turns } from './turns.ts';

export interface IntakeRoleOptions {
  readonly inbox: string;
  /** Those that have a folder of their own below the inbox. */
  readonly manufacturers: readonly string[];
  /** Products that the sockets of this host take; undefined where the sockets are on other hosts. */
  readonly socketProducts: ReadonlySet<string> | undefined;
  readonly stateFolder: string;
  readonly products: readonly Product[];
  readonly registry: Registry;
  /** Where that is, for threads of large manifests. */
  readonly registryPlace: RegistryPlace;
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
    const { batchId, order, manifest, manifestSha256, quantity, priority } = batch;
    await options.rehearse?.(order);
    const named = { batchId, order, manifest, manifestSha256, quantity };
    const asked = priority !== undefined && { priority };
    await startBatchWorkflow(client, { ...named, window: unitsInFlight, ...asked });
    await registry.recordStart(batchId);
    log.info({ batchId, order, manifest, quantity }, 'batch started');
  };
  // What a crash in the middle of an import has left.
  await registry.discardStaged();
  // A crash between the import and the start left a batch that nobody works on.
  for (const batch of await registry.listBatches()) {
    if (batch.startedAt === undefined) await startBatch(batch);
  }
  const nameOf = (copy: ManifestCopy): string => relative(root, join(copy.folder, copy.name));
  // The order of a rehearsal is made for just this batch when it starts.
  const askOrder = options.rehearse === undefined ? askSigner(client) : undefined;
  const takeIn = async (copy: ManifestCopy, takeTurn: () => Promise<void>): Promise<Verdict> => {
    const shared = { products, socketProducts: options.socketProducts };
    const ports: Pick<IntakePorts, 'askOrder' | 'takeTurn' | 'startBatch'> = {
      askOrder,
      takeTurn,
      startBatch,
    };
    if (isLarge(copy)) {
      const task = { copy, name: nameOf(copy), registry: options.registryPlace, ...shared };
      return await takeInOnThread({ ...task, isOrderAsked: askOrder !== undefined }, ports);
    }
    const stageBatch = registry.stageBatch.bind(registry);
    return await createIntake({ ...shared, ...ports, registered: registry, nameOf, stageBatch })(copy);
  };
  // One manifest at a time, whatever folder it is in; a small one does not wait for a large one.
  const lanes = { large: new Turns(), small: new Turns() };
  // Two manifests at once would both be allowed what is left of an order.
  const orders = new Turns();
  const accept = async (copy: ManifestCopy): Promise<Verdict> =>
    await lanes[isLarge(copy) ? 'large' : 'small'].run(async () => {
      let end: (() => void) | undefined;
      const takeTurn = async (): Promise<void> => {
        end ??= await orders.take();
      };
      try {
        return await withResultName(await takeIn(copy, takeTurn), nameOf(copy), registry);
      } finally {
        end?.();
      }
    });
  const endOf: EndOf = async (batchId) => await lotEnd(registry, batchId);
  const hasBatch = async (sha256: string): Promise<boolean> => (await registry.batchOf(sha256)) !== undefined;
  const reportOf = (folder: string) => (event: InboxEvent) => {
    const named = { ...event, name: relative(root, join(folder, event.name)) };
    note(log, named);
    options.onEvent?.(named);
  };
  const inboxes: Inbox[] = [];
  try {
    for (const folder of inboxFolders(root, manufacturers))
      inboxes.push(
        await openInbox({ folder, stateFolder, accept, hasBatch, endOf, report: reportOf(folder) }),
      );
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

/**
 * An acceptance says which file the result of its batch will be: that of an earlier batch is never overwritten. The name has
 * its folder below the drop folder where that is not the one of `manifest`.
 */
async function withResultName(verdict: Verdict, manifest: string, registry: Registry): Promise<Verdict> {
  if (verdict.status === 'rejected') return verdict;
  const batches = await registry.listBatches();
  const batch = batches.find(({ batchId }) => batchId === verdict.batchId);
  if (batch === undefined) return verdict;
  const { result } = lotFiles('', batch, batches);
  return { ...verdict, result: dirname(result) === dirname(manifest) ? basename(result) : result };
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

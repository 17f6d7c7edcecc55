import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { RegisteredBatch } from '../manifests/check/registered-units.ts';
import type { Verdict } from '../manifests/check/verdict.ts';
import type { RegistryPlace } from '../line/registry.ts';
import type { ManifestCopy } from '../manifests/intake/copy-manifest.ts';
import type { IntakePorts } from '../manifests/intake/intake.ts';
import type { OrderQuestion } from '../provisioning/order-check.ts';
import type { Product } from '../provisioning/product.ts';

/** What the thread gets. */
export interface ThreadTask {
  readonly copy: ManifestCopy;
  /** What the batch says that its manifest is called. */
  readonly name: string;
  readonly products: readonly Product[];
  readonly socketProducts: ReadonlySet<string> | undefined;
  /** Where the registry is, to which the thread has connections of its own. */
  readonly registry: RegistryPlace;
  readonly isOrderAsked: boolean;
}

/** What the thread asks of its parent, one question at a time, and what it says at the end. */
export type ThreadQuestion =
  | { readonly kind: 'turn' }
  | { readonly kind: 'order'; readonly question: OrderQuestion }
  | { readonly kind: 'start'; readonly batch: RegisteredBatch }
  | { readonly kind: 'verdict'; readonly verdict: Verdict };

export interface ThreadAnswer {
  readonly isDone: boolean;
  readonly value?: unknown;
}

const THREAD = new URL(`./intake-thread${extname(import.meta.filename)}`, import.meta.url);

/**
 * Takes a manifest in on a thread of its own, which ends with it and gives its memory back: a million units are seconds of
 * work, in which boards must not wait. Rejects with what `parent` throws, or what happens to the thread.
 */
export async function takeInOnThread(
  task: ThreadTask,
  parent: Pick<IntakePorts, 'askOrder' | 'takeTurn' | 'startBatch'>,
): Promise<Verdict> {
  const thread = new Worker(THREAD, { workerData: task });
  const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
  const answer = async (question: Exclude<ThreadQuestion, { kind: 'verdict' }>): Promise<unknown> => {
    switch (question.kind) {
      case 'turn':
        return await parent.takeTurn?.();
      case 'order':
        return await parent.askOrder?.(question.question);
      case 'start':
        return await parent.startBatch(question.batch);
    }
  };
  thread.on('message', (question: ThreadQuestion) => {
    if (question.kind === 'verdict') return resolve(question.verdict);
    void answer(question).then(
      (value) => thread.postMessage({ isDone: true, value } satisfies ThreadAnswer, []),
      (error: unknown) => {
        reject(error);
        thread.postMessage({ isDone: false } satisfies ThreadAnswer, []);
      },
    );
  });
  const ended = Promise.withResolvers<void>();
  thread.on('error', reject);
  thread.on('exit', (code) => {
    reject(new Error(`The thread that read ${task.name} ended with ${code}.`));
    ended.resolve();
  });
  // Also after an error, the thread still removes what it has stored.
  await ended.promise;
  return await promise;
}

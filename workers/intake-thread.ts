// The thread of one large manifest: takes it in, and asks its parent for what needs the rest of the factory line.
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { createIntake } from '../manifests/intake/intake.ts';
import type { OrderReply } from '../provisioning/order-check.ts';
import { openRegistry } from '../line/registry.ts';
import type { ThreadAnswer, ThreadQuestion, ThreadTask } from './large-manifest.ts';

/** The steps of units come first where the processors are busy: a third of their share. */
const BACKGROUND = 5;

const { copy, name, products, socketProducts, registry: place, isOrderAsked } = workerData as ThreadTask;
const parent = parentPort!;

async function ask(question: ThreadQuestion): Promise<unknown> {
  const answer = new Promise<ThreadAnswer>((resolve) => {
    parent.once('message', resolve);
  });
  parent.postMessage(question, []);
  const { isDone, value } = await answer;
  if (!isDone) throw new Error('The factory line could not answer.');
  return value;
}

// Only on Linux this is about the thread alone.
if (process.platform === 'linux') setPriority(0, BACKGROUND);
const registry = await openRegistry(place, 'make');
try {
  const intake = createIntake({
    products,
    registered: registry,
    askOrder: isOrderAsked
      ? async (question) => (await ask({ kind: 'order', question })) as OrderReply
      : undefined,
    takeTurn: async () => void (await ask({ kind: 'turn' })),
    socketProducts,
    nameOf: () => name,
    stageBatch: (batchId) => registry.stageBatch(batchId),
    startBatch: async (batch) => void (await ask({ kind: 'start', batch })),
  });
  const verdict = await intake(copy);
  parent.postMessage({ kind: 'verdict', verdict } satisfies ThreadQuestion, []);
} finally {
  await registry.close();
  parent.unref();
}

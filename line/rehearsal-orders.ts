import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../disk/make-folder.ts';
import { orderFileName } from '../pki/orders/order-desk.ts';
import { signOrder } from '../pki/orders/order.ts';
import type { Order } from '../pki/orders/order.ts';
import { passphraseFromFile } from '../pki/keys/passphrase.ts';
import { createReleaseKey, loadReleaseKey, RELEASE_KEY_FILES } from '../pki/keys/release-key.ts';
import type { ReleaseKey } from '../pki/keys/release-key.ts';
import { verifierText } from '../pki/keys/signed-note.ts';
import type { BatchRecord } from '../registry/registry.ts';
import { ensurePassphraseFile } from '../disk/passphrase-file.ts';
import { writeWholeSync } from '../disk/write-whole.ts';
import { ordersFolder, releaseKeyFolder, releaseKeysPath, releasePassphrasePath } from './state-folder.ts';

const DAY_MS = 86_400_000;

/** Certificates beyond one for each unit: one more for each unit, and some more for small lots. */
const reissuesOf = (quantity: number): number => Math.max(quantity, 20);

/** What is rehearsed with: the batches there are, and the products that may be ordered. */
export interface Rehearsal {
  readonly stateFolder: string;
  readonly products: readonly string[];
  readonly listBatches: () => Promise<readonly BatchRecord[]>;
}

/**
 * The OEM's part, for a line without one: a release key of its own, which the signer of this state folder trusts, and
 * for each batch that is about to start an order for just the units that were accepted under its number. All by the
 * code that the OEM uses.
 */
export function rehearseOrders({
  stateFolder,
  products,
  listBatches,
}: Rehearsal): (order: string) => Promise<void> {
  const releaseKey = openRehearsalKey(stateFolder);
  return async (id) => {
    const batches = (await listBatches()).filter(({ order }) => order === id);
    const quantity = batches.reduce((sum, batch) => sum + batch.quantity, 0);
    const first = Math.min(...batches.map(({ importedAt }) => Date.parse(importedAt)));
    const order: Order = {
      order: id,
      revision: batches.length,
      products,
      quantity,
      reissues: reissuesOf(quantity),
      opens: new Date(first - DAY_MS).toISOString(),
      closes: new Date(first + 365 * DAY_MS).toISOString(),
    };
    const { verifierKey, privateKey } = releaseKey;
    const path = join(ordersFolder(stateFolder), orderFileName(id));
    writeWholeSync(path, 0o600, signOrder(order, verifierKey, privateKey));
  };
}

/** Its passphrase is stored beside it. An OEM never does that. */
function openRehearsalKey(stateFolder: string): ReleaseKey {
  const [directory, path] = [releaseKeyFolder(stateFolder), releasePassphrasePath(stateFolder)];
  makeFolder(ordersFolder(stateFolder), 0o700);
  ensurePassphraseFile(path);
  const passphrase = passphraseFromFile(path);
  try {
    if (!existsSync(join(directory, RELEASE_KEY_FILES.key)))
      createReleaseKey({ directory, passphrase, name: 'rehearsal' });
    const releaseKey = loadReleaseKey({ directory, passphrase });
    const trusted = releaseKeysPath(stateFolder);
    if (!existsSync(trusted)) writeWholeSync(trusted, 0o600, `${verifierText(releaseKey.verifierKey)}\n`);
    return releaseKey;
  } finally {
    passphrase.wipe();
  }
}

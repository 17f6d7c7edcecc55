import { accessSync, constants } from 'node:fs';
import { ledgerName, openLedger } from '../../line/ledger.ts';
import type { LedgerPlace } from '../../line/ledger.ts';
import { registryPath } from '../../line/state-folder.ts';
import { withRegistryIfAny } from '../registry/open-registry.ts';
import { fail, failure, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** The registry opens, answers, and may be written. */
export async function checkRegistry(stateFolder: string): Promise<Finding> {
  const path = registryPath(stateFolder);
  try {
    return await withRegistryIfAny(stateFolder, async (registry) => {
      if (registry === undefined) return ok('registry', `${path} (created when it is needed)`);
      const batches = await registry.listBatches();
      if (!isWritable(path)) return fail('registry', 'disk', `${path} cannot be written: ${WRITE_CURE}`);
      return ok('registry', `${path}, ${batches.length} ${batches.length === 1 ? 'batch' : 'batches'}`);
    });
  } catch (error) {
    return failure('registry', error);
  }
}

/** The ledger of the signer opens, answers, and may be written; where not, nobody should ask it more. */
export async function checkLedger(place: LedgerPlace): Promise<Finding> {
  try {
    const name = ledgerName(place);
    return ok('ledger', (await isUsable(place)) ? name : `${name} (created when it is needed)`);
  } catch (error) {
    return failure('ledger', error);
  }
}

/** Whether there is a ledger, with nothing changed. Throws LEDGER_… for one with which nothing could be signed. */
async function isUsable(place: LedgerPlace): Promise<boolean> {
  const ledger = await openLedger(place, 'read');
  try {
    await ledger?.assertWritable();
    return ledger !== undefined;
  } finally {
    await ledger?.close();
  }
}

const WRITE_CURE = 'let the user who runs Certline write there, or fix its disk';

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

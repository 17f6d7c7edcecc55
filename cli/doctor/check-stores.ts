import { existsSync } from 'node:fs';
import { openSqliteLedger } from '../../pki/sqlite-ledger.ts';
import { ledgerPath, registryPath } from '../../workers/state-folder.ts';
import { withRegistry } from '../open-registry.ts';
import { failure, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** The registry opens and answers. */
export async function checkRegistry(stateFolder: string): Promise<Finding> {
  const path = registryPath(stateFolder);
  try {
    return await withRegistry(stateFolder, async (registry) => {
      if (registry === undefined) return ok('registry', `${path} (made when it is needed)`);
      const batches = await registry.listBatches();
      return ok('registry', `${path}, ${batches.length} ${batches.length === 1 ? 'batch' : 'batches'}`);
    });
  } catch (error) {
    return failure('registry', error);
  }
}

/** The ledger of the signer opens and answers. */
export async function checkLedger(stateFolder: string): Promise<Finding> {
  const path = ledgerPath(stateFolder);
  if (!existsSync(path)) return ok('ledger', `${path} (made when it is needed)`);
  try {
    const ledger = openSqliteLedger(path);
    try {
      await ledger.liveIssuance('');
    } finally {
      await ledger.close();
    }
    return ok('ledger', path);
  } catch (error) {
    return failure('ledger', error);
  }
}

import { SqlLedger } from '../../pki/sql-ledger.ts';
import { findLineDatabase, ledgerName, type LedgerPlace } from '../../workers/line-ledger.ts';
import { registryPath } from '../../workers/state-folder.ts';
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

/** The ledger of the signer opens and answers; where it does not, nobody should ask it more. */
export async function checkLedger(place: LedgerPlace): Promise<Finding> {
  try {
    const name = ledgerName(place);
    const database = await findLineDatabase(place);
    if (database === undefined) return ok('ledger', `${name} (made when it is needed)`);
    const ledger = new SqlLedger(database);
    try {
      await ledger.liveIssuance('');
    } finally {
      await ledger.close();
    }
    return ok('ledger', name);
  } catch (error) {
    return failure('ledger', error);
  }
}

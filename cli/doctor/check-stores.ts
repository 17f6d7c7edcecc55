import { ledgerName, openLedger } from '../../line/ledger.ts';
import type { LedgerPlace } from '../../line/ledger.ts';
import { registryName } from '../../line/registry.ts';
import type { RegistryPlace } from '../../line/registry.ts';
import { withRegistryIfAny } from '../registry/open-registry.ts';
import { fail, failure, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** The registry opens, answers, and may be written. */
export async function checkRegistry(place: RegistryPlace): Promise<Finding> {
  const name = registryName(place);
  try {
    return await withRegistryIfAny(place, async (registry) => {
      if (registry === undefined) return ok('registry', `${name} (created when it is needed)`);
      const batches = await registry.listBatches();
      await registry.assertWritable();
      return ok('registry', `${name}, ${batches.length} ${batches.length === 1 ? 'batch' : 'batches'}`);
    });
  } catch (error) {
    return failure('registry', error);
  }
}

/** The logs of signers that the registry has seen: one that contradicts itself is of an old or copied ledger. */
export async function checkSignerLogs(place: RegistryPlace): Promise<Finding[]> {
  const logs = await withRegistryIfAny(place, async (registry) => (await registry?.signerLogs()) ?? []).catch(
    // What is wrong with the registry is said already.
    () => [],
  );
  return logs.flatMap(({ log, contradiction }) =>
    contradiction === undefined
      ? []
      : [
          fail(
            'signer log',
            'auditBroken',
            `the signer works on an old copy of its ledger (${contradiction}): stop it and restore the newest copy, then: certline registry accept-loss ${log}`,
          ),
        ],
  );
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

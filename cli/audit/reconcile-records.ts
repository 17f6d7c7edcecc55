import { withoutUnseen } from '../../manifests/csv/visible-text.ts';
import { reconcile } from '../../reports/reconcile.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { orderSourcesOf } from '../../line/orders.ts';
import { ledgerFindings } from '../../line/unaltered-ledger.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { intakeKeysFile } from '../../line/trusted-keys.ts';
import { readVerifierKeys } from '../../pki/keys/verifier-key-file.ts';
import type { Registry } from '../../registry/registry.ts';
import { openExportedRegistry } from '../registry/exported-registry.ts';
import { withRegistryIfAny } from '../registry/open-registry.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';

/**
 * `certline audit reconcile`. Sets exit status `auditBroken`; throws `unknown` without a ledger, and what
 * `openExportedRegistry` throws.
 */
export async function reconcileRecords(
  invocation: Invocation,
  options: { registry?: string; json?: boolean },
): Promise<void> {
  const { counts, hasRegistry, ...records } = await withLedger(invocation, 'read', (ledger) =>
    withComparedRegistry(invocation, options.registry, async (registry) => ({
      ...(await reconcile(ledger, registry)),
      hasRegistry: registry !== undefined,
      found: await ledgerFindings(ledger, orderSourcesOf(invocation.stateFolder, invocation.config)),
    })),
  );
  const differences = [
    ...records.differences,
    ...records.found.map((detail) => ({ code: 'ledger-altered', what: 'ledger', detail })),
  ];
  if (differences.length > 0) process.exitCode = EXIT_STATUS.auditBroken.status;
  if (options.json === true) {
    printJson({ counts, differences });
    return;
  }
  printLine(
    `${counts.signatures} signatures, ${counts.ledgerRows} ledger rows, ${counts.auditEntries} audit entries, ${counts.registeredCertificates} registered certificates, ${counts.manifestRows} manifest rows`,
  );
  if (!hasRegistry)
    printLine(
      'Not compared with the registry: there is none here. Bring a file of "certline registry export".',
    );
  if (differences.length === 0) printLine('No difference.');
  else
    await printTable(
      [{ head: 'DIFFERENCE' }, { head: 'WHAT' }, { head: 'DETAIL', wraps: true }],
      differences.map(({ code, what, detail }) => [code, withoutUnseen(what), withoutUnseen(detail)]),
    );
}

/** The registry of this host, or the one that another host has exported. */
async function withComparedRegistry<T>(
  invocation: Invocation,
  exported: string | undefined,
  use: (registry: Pick<Registry, 'listBatches' | 'certifiedUnits'> | undefined) => Promise<T>,
): Promise<T> {
  const { stateFolder, config } = invocation;
  if (exported === undefined) return await withRegistryIfAny(invocation, use);
  const intakes = readVerifierKeys(intakeKeysFile(stateFolder, config));
  return await use(await openExportedRegistry(exported, intakes));
}

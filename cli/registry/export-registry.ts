import { createHash } from 'node:crypto';
import { isThere } from '../../disk/is-there.ts';
import { writeWhole } from '../../disk/write-whole.ts';
import { openIntakeKey } from '../../line/trusted-keys.ts';
import { signRegistry } from '../../pki/signing/registry-statement.ts';
import { dossierUnit } from '../../reports/dossier/dossier.ts';
import type { Registry } from '../../registry/registry.ts';
import { CommandError } from '../exit-status.ts';
import { makeFile } from '../made-file.ts';
import { tell } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';
import { withRegistry } from './open-registry.ts';

/**
 * `certline registry export`: one JSON document in each text line: a batch, then each of its units with its certificates;
 * at the end the figures, the digest of all before, and the signature of this host. Throws `refused` where the file is
 * there, `unknown` without a registry.
 */
export async function exportRegistry(
  invocation: Invocation,
  path: string,
  options: { readonly json?: boolean },
): Promise<void> {
  if (isThere(path)) throw new CommandError('refused', `There is a file ${path} already: name another one.`);
  const key = openIntakeKey(invocation.stateFolder);
  await withRegistry(invocation, async (registry) => {
    const counts = { batches: 0, units: 0, certificates: 0 };
    const hash = createHash('sha256');
    async function* lines(): AsyncGenerator<string> {
      for await (const line of recordsOf(registry, counts)) {
        hash.update(line);
        yield line;
      }
      const end = { ...counts, sha256: hash.digest('hex'), exportedAt: new Date().toISOString() };
      yield `${JSON.stringify({ end, signature: signRegistry(end, key.privateKey) })}\n`;
    }
    await makeFile(path, async () => writeWhole(path, 0o644, lines()));
    const { batches, units, certificates } = counts;
    tell(
      options.json,
      { file: path, ...counts },
      `${batches} batches, ${units} units and ${certificates} certificates are in ${path}`,
    );
  });
}

async function* recordsOf(
  registry: Registry,
  counts: { batches: number; units: number; certificates: number },
): AsyncGenerator<string> {
  for (const batch of await registry.listBatches()) {
    counts.batches += 1;
    yield `${JSON.stringify({ batch, decisions: await registry.batchDecisions(batch.batchId) })}\n`;
    for await (const record of registry.unitRecords(batch.batchId)) {
      const certificates = record.certificates.map(({ certificateSha256, state }) => ({
        certificateSha256,
        state,
      }));
      const unit = { serial: record.serial, certificates, dossier: dossierUnit(record) };
      counts.units += 1;
      counts.certificates += unit.certificates.length;
      yield `${JSON.stringify({ unit })}\n`;
    }
  }
}

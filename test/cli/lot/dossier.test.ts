import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLedger } from '../../../line/ledger.ts';
import { auditKeyPath, registryPath } from '../../../line/state-folder.ts';
import { createAuditKey } from '../../../pki/keys/audit-key.ts';
import { verifierText } from '../../../pki/keys/signed-note.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { newBatch, registration, rowsOf, serialsFrom } from '../../registry/record/opened.ts';
import { newPlace } from '../../support/certline.ts';
import { issueInto } from '../issued-lot.ts';

it('is signed where ledger and registry agree, on one host or two, and verified without either', async () => {
  const place = newPlace();
  const [passed, ...others] = serialsFrom(1, 3);
  const [issued] = await issueInto(place, [passed!]);
  const { verifier } = createAuditKey(auditKeyPath(place.state));
  const registry = openRegistryFile(registryPath(place.state));
  await registry.importBatch(newBatch('1', 3), rowsOf([passed!, ...others]));
  await registry.registerUnit({ ...registration(passed!), ...issued! });
  const output = join(place.folder, 'lot.json');
  const sign = async (...more: string[]) =>
    await place.certline('lot', 'dossier', 'PO-1', '--output', output, ...more);
  expect(await sign()).toMatchObject({ status: 6, stderr: expect.stringContaining('PO-1 is open') });
  await registry.endOpenUnits('PO-1', 'HOLD', 'CLOSED_SHORT');
  await registry.closeBatch('PO-1');
  // The certificate is not active in the ledger yet, as nobody has activated it there.
  expect(await sign()).toMatchObject({
    status: 33,
    stderr: expect.stringMatching(/nothing is signed: the certificate .* is issued in the ledger and active/),
  });
  await registry.close();
  const ledger = await openLedger({ stateFolder: place.state, config: {} }, 'make');
  await ledger.issuances.activate([`b1/${passed!}/1`]);
  await ledger.close();
  expect(await sign()).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining(verifier.name),
  });
  const publicKey = join(place.folder, 'audit.pub');
  writeFileSync(publicKey, verifierText(verifier));
  // Another place knows nothing of this line.
  const elsewhere = newPlace();
  const verified = await elsewhere.certline('lot', 'verify', output, '--key', publicKey);
  expect(verified.stdout).toBe(
    `Lot PO-1: 3 units, 1 passed, 0 failed, 0 errors, 2 held. The dossier is whole.\nSigned by ${verifier.name}\n`,
  );
  expect((await elsewhere.certline('lot', 'verify', output)).stdout).toContain('compare this name');
  writeFileSync(output, readFileSync(output, 'utf8').replace('"HOLD"', '"PASS"'));
  expect(await elsewhere.certline('lot', 'verify', output)).toMatchObject({
    status: 33,
    stdout: expect.stringContaining('WRONG: The dossier was changed after it was signed.'),
  });

  const exported = join(place.folder, 'registry.jsonl');
  expect(await place.certline('registry', 'export', exported)).toMatchObject({ status: 0 });
  const admitted = await place.certline('intake', 'enroll');
  const key = /intake admit '([^']+)'/.exec(admitted.stdout)?.[1];
  if (key !== undefined) await place.certline('intake', 'admit', key);
  expect(await sign('--registry', exported)).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(readFileSync(output, 'utf8'))).toMatchObject({
    dossier: { batch: 'PO-1', counts: { ordered: 3, passed: 1, held: 2 } },
  });

  const folder = join(place.folder, 'certificates');
  const written = await place.certline('batch', 'export', 'PO-1', '--certificates', folder);
  expect(written.stdout).toContain('1 certificates of batch PO-1');
  const pem = readFileSync(join(folder, 'certificates.pem'), 'utf8');
  const der = Buffer.from(pem.split('-----')[2]!, 'base64');
  expect(createHash('sha256').update(der).digest('hex')).toBe(issued!.certificateSha256);
});

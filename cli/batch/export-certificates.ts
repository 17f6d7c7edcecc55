import { join } from 'node:path';
import { makeFolder } from '../../disk/make-folder.ts';
import { writeWhole } from '../../disk/write-whole.ts';
import { writeCsvFile } from '../../manifests/answer/csv-file.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { tell } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';
import { findBatch } from './find-batch.ts';

const INDEX = [
  'serial',
  'certificate_serial',
  'certificate_sha256',
  'key_sha256',
  'board_id',
  'not_before',
  'not_after',
];

/** `certline batch export`: the certificates in use of the units that passed. Throws `unknown`, and the error of a file that cannot be written. */
export async function exportCertificates(
  invocation: Invocation,
  given: string,
  { certificates: folder, json }: { readonly certificates: string; readonly json?: boolean },
): Promise<void> {
  await withRegistry(invocation, async (registry) => {
    const { batchId } = await findBatch(registry, given);
    async function* active() {
      for await (const { serial, certificates } of registry.unitRecords(batchId))
        for (const each of certificates) if (each.state === 'active') yield { serial, ...each };
    }
    async function* pems(): AsyncGenerator<string> {
      for await (const { serial, certificate } of active())
        yield `${serial}\n${pemOf('CERTIFICATE', certificate)}`;
    }
    async function* rows(): AsyncGenerator<string[]> {
      for await (const each of active()) {
        const { serial, certificateSerial, certificateSha256, spkiSha256, boardId, notBefore, notAfter } =
          each;
        yield [serial, certificateSerial, certificateSha256, spkiSha256, boardId, notBefore, notAfter];
      }
    }
    makeFolder(folder);
    const [pem, list] = [join(folder, 'certificates.pem'), join(folder, 'certificates.csv')];
    await writeWhole(pem, 0o644, pems());
    const count = await writeCsvFile(list, INDEX, rows());
    tell(
      json,
      { batchId, certificates: count, pem, list },
      `${count} certificates of batch ${batchId} are in ${pem}, listed in certificates.csv`,
    );
  });
}

import { isThere } from '../../disk/is-there.ts';
import { writeWhole } from '../../disk/write-whole.ts';
import { caFolder } from '../../line/state-folder.ts';
import { readCaChain } from '../../pki/ca/read-chain.ts';
import { describeCertificate } from '../../pki/lint/certificate-facts.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import { findBatch } from '../batch/find-batch.ts';
import { CommandError } from '../exit-status.ts';
import { makeFile } from '../made-file.ts';
import type { Invocation } from '../invocation.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { tell } from '../terminal/stdout.ts';

/**
 * `certline cloud aws bulk`: a JSON object of template parameters in each text line, as StartThingRegistrationTask reads them.
 * Throws CA_NOT_FOUND, `refused` where the file is there, and `unknown`.
 */
export async function writeAwsBulkFile(
  invocation: Invocation,
  given: string,
  path: string,
  options: { readonly json?: boolean },
): Promise<void> {
  if (isThere(path)) throw new CommandError('refused', `There is a file ${path} already: name another one.`);
  const [issuingCa] = readCaChain(caFolder(invocation.stateFolder));
  const ca = pemOf('CERTIFICATE', issuingCa!);
  await withRegistry(invocation, async (registry) => {
    const { batchId } = await findBatch(registry, given);
    let count = 0;
    async function* lines(): AsyncGenerator<string> {
      for await (const { serial, certificates } of registry.unitRecords(batchId))
        for (const { state, certificate } of certificates) {
          const facts = state === 'active' ? describeCertificate(certificate) : undefined;
          if (facts === undefined) continue;
          count += 1;
          yield `${JSON.stringify({
            ThingName: facts.commonName,
            SerialNumber: serial,
            CertificatePem: pemOf('CERTIFICATE', certificate),
            CACertificatePem: ca,
          })}\n`;
        }
    }
    await makeFile(path, async () => writeWhole(path, 0o644, lines()));
    tell(
      options.json,
      { batchId, file: path, units: count },
      `${count} units of batch ${batchId} are in ${path}`,
    );
  });
}

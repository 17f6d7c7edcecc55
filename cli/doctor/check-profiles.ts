import { existsSync } from 'node:fs';
import { profileOfProduct } from '../../pki/certificate-profile.ts';
import { readCaChain } from '../../pki/development-ca.ts';
import { issuerFactsOf } from '../../pki/issuing-ca.ts';
import { trySample } from '../../pki/profile-sample.ts';
import type { LineConfig } from '../../workers/line-config.ts';
import { caFolder } from '../../workers/state-folder.ts';
import { failure, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** Whether the CA can certify each product as it is configured; nothing where there is no CA, which is said elsewhere. */
export async function checkProfiles(
  stateFolder: string,
  products: LineConfig['products'],
  now: Date = new Date(),
): Promise<Finding[]> {
  const directory = caFolder(stateFolder);
  if (!existsSync(directory)) return [];
  const findings: Finding[] = [];
  for (const product of products) {
    const check = `profile ${product.name}`;
    try {
      const [factoryCa] = readCaChain(directory);
      const profile = profileOfProduct(product);
      await trySample(product.name, { profile, issuer: issuerFactsOf(factoryCa!), now });
      findings.push(
        ok(check, `the CA can certify it${product.cloud === undefined ? '' : ` for ${product.cloud}`}`),
      );
    } catch (error) {
      findings.push(failure(check, error));
    }
  }
  return findings;
}

import { isThere } from '../../disk/is-there.ts';
import { profileOfProduct } from '../../pki/profile/certificate-profile.ts';
import { readCaChain } from '../../pki/ca/read-chain.ts';
import { issuerFactsOf } from '../../pki/ca/issuing-ca.ts';
import type { IssuerFacts } from '../../pki/x509/issuer-facts.ts';
import { trySample } from '../../pki/signing/profile-sample.ts';
import type { LineConfig } from '../../line/config.ts';
import { caFolder } from '../../line/state-folder.ts';
import { failure, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

const DAY_MS = 86_400_000;
/** The CA's successor, or the word that devices may be certified for less, takes as long as for a CA that ends. */
const SOON_MS = 90 * DAY_MS;

/**
 * Whether the CA can certify each product as it is configured; nothing where there is no CA, which is said elsewhere.
 */
export async function checkProfiles(
  stateFolder: string,
  products: LineConfig['products'],
  now: Date = new Date(),
): Promise<Finding[]> {
  const directory = caFolder(stateFolder);
  if (!isThere(directory)) return [];
  const findings: Finding[] = [];
  for (const product of products) {
    const check = `profile ${product.name}`;
    try {
      const [factoryCa] = readCaChain(directory);
      const profile = profileOfProduct(product);
      const issuer = issuerFactsOf(factoryCa!);
      await trySample(product.name, { profile, issuer, now });
      findings.push(checkTime(check, product, issuer, now));
    } catch (error) {
      findings.push(failure(check, error));
    }
  }
  return findings;
}

/** A period that fits today no longer fits from the day on which the CA has less of its own left. */
function checkTime(
  check: string,
  { cloud, validity }: LineConfig['products'][number],
  { notAfter }: IssuerFacts,
  now: Date,
): Finding {
  const says = `the CA can certify it${cloud === undefined ? '' : ` for ${cloud}`}`;
  if (validity === 'forever') return ok(check, says);
  const last = new Date(notAfter.getTime() - validity.days * DAY_MS);
  if (last.getTime() - now.getTime() >= SOON_MS) return ok(check, says);
  const why = `because the CA expires on ${notAfter.toISOString().slice(0, 10)}`;
  const cure = 'have its successor made, or set validity to fewer days';
  return warn(check, `${says}, but only until ${last.toISOString().slice(0, 10)}, ${why}: ${cure}`);
}

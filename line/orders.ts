import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isThere } from '../disk/is-there.ts';
import { CA_FILES } from '../pki/ca/ca-files.ts';
import { parseVerifier } from '../pki/keys/signed-note.ts';
import { sha256Hex } from '../pki/x509/p256.ts';
import type { OrderSources, OrderTerms } from '../pki/orders/order-desk.ts';
import type { LineConfig } from './config.ts';
import { auditVerifierPath, caFolder, ordersFolder, releaseKeysPath } from './state-folder.ts';

/** Where the signer of this line finds its orders and the release keys that it trusts. */
export function orderSourcesOf(
  stateFolder: string,
  config: Pick<LineConfig, 'ordersFolder' | 'releaseKeysFile'>,
): OrderSources {
  return {
    folder: config.ordersFolder ?? ordersFolder(stateFolder),
    releaseKeys: config.releaseKeysFile ?? releaseKeysPath(stateFolder),
  };
}

/** What the signer of this line requires of an order: that it is for this signer, and whatever the configuration says. */
export function orderTermsOf(
  stateFolder: string,
  { strictOrders }: Pick<LineConfig, 'strictOrders'>,
): OrderTerms {
  const verifier = readIfThere(auditVerifierPath(stateFolder));
  const certificate = readIfThere(join(caFolder(stateFolder), CA_FILES.factoryIca));
  const signerNames = [
    verifier && parseVerifier(verifier)?.name,
    certificate && sha256Hex(new X509Certificate(certificate).raw),
  ].filter((name) => name !== undefined && name !== '');
  return { signerNames: signerNames as string[], isStrict: strictOrders === true };
}

function readIfThere(path: string): string | undefined {
  return isThere(path) ? readFileSync(path, 'utf8') : undefined;
}

import type { CertificateProfile } from '../../pki/profile/certificate-profile.ts';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import { gateCsr } from '../../pki/signing/csr-gate.ts';
import { Issuer } from '../../pki/signing/issuer.ts';
import type { CertificateRecord } from '../../provisioning/certificate-record.ts';
import type { IssuingCa } from '../../pki/ca/issuing-ca.ts';
import type { PostgresPlace } from '../../sql/postgres-place.ts';
import { ensureDemoCa } from '../../line/ca.ts';
import { openLedger } from '../../line/ledger.ts';
import { RELEASE, signedOrder } from '../pki/orders/signed-orders.ts';
import type { Place } from '../support/certline.ts';

const PROFILE = { organization: 'certline-test', commonName: '{serial}' };

/** Issues a certificate to each serial, in batch b1, with the CA and in the ledger of the place, made where they are missing. */
export async function issueInto(
  { state, ledger: place }: Pick<Place, 'state'> & { readonly ledger?: PostgresPlace },
  serials: readonly string[],
  ca?: IssuingCa,
  validity: CertificateProfile['validity'] = 'forever',
): Promise<CertificateRecord[]> {
  const opened = ca ?? (await ensureDemoCa(state));
  const ledger = await openLedger(
    { stateFolder: state, config: place === undefined ? {} : { ledger: place } },
    'make',
  );
  const issuer = new Issuer({
    ca: opened,
    issuances: ledger.issuances,
    profileOf: () => ({ ...PROFILE, validity }),
  });
  await ledger.orders.admitOrder(signedOrder({ products: ['golioth-node'], reissues: 100 }));
  await ledger.orders.releaseBatch({ ...RELEASE, batchId: 'b1', quantity: 100 });
  const units = serials.map((serial) => ({ serial, product: 'golioth-node' }));
  await ledger.orders.releaseSerials({ batchId: 'b1', units });
  const issued: CertificateRecord[] = [];
  for (const serial of serials) {
    const requestId = `b1/${serial}/1`;
    const csr = await gateCsr(generateDeviceKey().createCsr({ serial }));
    const terms = {
      requestId,
      batchId: 'b1',
      product: 'golioth-node',
      attempt: 1,
      boardId: `board-${serial}`,
    };
    issued.push(await issuer.issue({ ...terms, serial, csr }));
  }
  await ledger.close();
  return issued;
}

import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { GoliothApi } from './golioth-api.ts';

const caShape = z.object({
  id: z.string().min(1),
  enabled: z.boolean().nullish(),
  certificateContent: z.object({
    subject: z.string().nullish(),
    serialNumber: z.coerce.string().nullish(),
    publicKey: z.string().nullish(),
  }),
});

type UploadedCa = z.infer<typeof caShape>;

/** The result of an upload, and the id of the certificate at Golioth. */
export interface CaUpload {
  readonly id: string;
  readonly outcome: 'uploaded' | 'already there';
}

/** Coordinates of a P-256 public key: the last octets of its SubjectPublicKeyInfo. */
const P256_POINT_OCTETS = 64;

/**
 * Makes the project trust the issuing CA; `certificate` is DER. Golioth does not document what a second upload of the same does,
 * so the list is looked at first.
 */
export async function uploadCa(
  api: GoliothApi,
  certificate: Uint8Array,
  signal: AbortSignal,
): Promise<CaUpload> {
  const known = await findCa(api, certificate, signal);
  if (known !== undefined) return { id: known.id, outcome: 'already there' };
  const ca = new X509Certificate(certificate);
  const { issuer, subject } = ca;
  const json = {
    certFile: Buffer.from(ca.toString()).toString('base64'),
    certType: issuer === subject ? 'root' : 'intermediate',
  };
  const question = { method: 'POST', path: '/certificates', json } as const;
  const { body } = await api.ask(question, 'add a CA certificate', signal);
  return { id: api.data(z.object({ id: z.string().min(1) }), body).id, outcome: 'uploaded' };
}

/** The same certificate in the project: subject, serial number and public key. A disabled one trusts nobody. */
export async function findCa(
  api: GoliothApi,
  certificate: Uint8Array,
  signal: AbortSignal,
): Promise<UploadedCa | undefined> {
  const all = await api.list('/certificates', caShape, 'list certificates', signal);
  const ours = new X509Certificate(certificate);
  return all.find((each) => each.enabled !== false && isSame(each.certificateContent, ours));
}

/**
 * The forms of the three texts are not documented. A serial number may be hex or decimal. A subject is compared by the text of
 * its CN. A public key that cannot be read is not compared: the serial numbers of our CAs have 64 random bits or more.
 */
function isSame(content: UploadedCa['certificateContent'], ours: X509Certificate): boolean {
  const { subject, serialNumber, publicKey } = content;
  const serial = BigInt(`0x${ours.serialNumber}`);
  const texts = [serial.toString(16), serial.toString(10)];
  const said = (serialNumber ?? '').replaceAll(':', '').replace(/^0x/i, '').toLowerCase().replace(/^0+/, '');
  const [, commonName = ''] = /^CN=(.*)$/m.exec(ours.subject) ?? [];
  return texts.includes(said) && (subject ?? '').includes(commonName) && !isOtherKey(publicKey ?? '', ours);
}

function isOtherKey(text: string, ours: X509Certificate): boolean {
  const body = text.replaceAll(/-----[^-]*-----|[\s:]/g, '');
  const spki = ours.publicKey.export({ type: 'spki', format: 'der' });
  const point = spki.subarray(-P256_POINT_OCTETS);
  const readings = [Buffer.from(body, 'base64'), Buffer.from(body, 'hex')];
  if (readings.some((reading) => reading.includes(point))) return false;
  return readings.some((reading) => reading.length >= P256_POINT_OCTETS);
}

import { describeCertificate } from '../pki/lint/certificate-facts.ts';
import type { CertificateFacts } from '../pki/lint/certificate-facts.ts';
import type { NoteVerifier } from '../pki/keys/signed-note.ts';
import { evidenceSha256, isPassSigned } from '../pki/signing/pass-statement.ts';
import type { PassFacts } from '../pki/signing/pass-statement.ts';
import type { SignedPass } from '../provisioning/pass.ts';
import type { Product } from '../provisioning/product.ts';
import type { RegisterDeviceInput } from '../provisioning/registration.ts';
import { fillTemplate } from '../provisioning/serial-template.ts';
import { RegistryError } from '../registry/registry-error.ts';
import type { Registry, UnitRecord } from '../registry/registry.ts';

/** What the registry believes when a unit is said to have passed. */
export interface PassTrust {
  readonly registry: Pick<Registry, 'unit'>;
  readonly products: readonly Product[];
  /** Our CA certificates, DER. */
  readonly issuers: readonly Uint8Array[];
  /**
   * The public keys of an admitted station that count for the certificate of this serial number (hex), the one that it has now first;
   * none of a station that is not admitted, or no longer.
   */
  readonly stationKeys: StationKeys;
}

/** See `PassTrust`. */
export type StationKeys = (
  stationId: string,
  certificateSerial: string,
) => AsyncIterable<NoteVerifier> | Iterable<NoteVerifier>;

/**
 * A unit has passed when an admitted station has signed so, for a certificate of our CA with the unit's names and key, and
 * the batch lists the unit like this. Returns the unit as it is recorded. Throws PASS_UNPROVEN: anybody may have sent the task.
 */
export async function mustBeProven(input: RegisterDeviceInput, trust: PassTrust): Promise<UnitRecord> {
  const { unit, claim, signed, spkiSha256, verified } = input;
  const { batchId, serial } = unit;
  const { pass } = verified;
  if (pass === undefined)
    throw unproven(serial, 'its station has not signed for it: update the station, then retry the unit');
  const wrong = wrongCertificate(input, trust);
  if (wrong !== undefined) throw unproven(serial, `its certificate ${wrong}: find out who sent it`);
  const facts = {
    batchId,
    serial,
    boardId: claim.boardId,
    spkiSha256,
    certificateSha256: signed.fingerprint,
  };
  const isOfUnit = pass.stationId === claim.stationId && pass.attempt <= unit.attempt;
  const { stationId } = claim;
  const isSigned = await isSignedByStation({ input, facts, pass }, trust);
  if (isSigned === undefined)
    throw unproven(serial, `the station ${stationId} is not admitted here: copy the list of stations`);
  if (!isOfUnit || !isAsSigned(input, pass) || !isSigned)
    throw unproven(
      serial,
      `the station ${stationId} did not sign this with a key that is known here: if its key was changed since, add the earlier one to the list of stations and retry, or else find out who sent it`,
    );
  const listed = await trust.registry.unit(serial);
  if (listed === undefined || !isListed(input, listed))
    throw unproven(serial, `the batch ${batchId} does not list it like this: find out who sent it`);
  return listed;
}

/** Whether the station signed it, with the key that it has, or with one that it had; undefined where it is not admitted. */
async function isSignedByStation(
  {
    input: { claim, signed },
    facts,
    pass,
  }: { readonly input: RegisterDeviceInput; readonly facts: PassFacts; readonly pass: SignedPass },
  { stationKeys }: Pick<PassTrust, 'stationKeys'>,
): Promise<boolean | undefined> {
  let isAdmitted = false;
  for await (const key of stationKeys(claim.stationId, signed.certificateSerial)) {
    isAdmitted = true;
    if (isPassSigned(facts, pass, key)) return true;
  }
  return isAdmitted ? false : undefined;
}

/** What is beside the pass, and becomes the record of it: an earlier version of the station signed only the time. */
function isAsSigned({ claim, verified }: RegisterDeviceInput, pass: SignedPass): boolean {
  if (pass.verifiedAt !== verified.verifiedAt) return false;
  if (pass.evidenceSha256 === undefined) return true;
  return pass.socket === claim.socket && pass.evidenceSha256 === evidenceSha256(verified.evidence);
}

/** What is wrong with the certificate; undefined where nothing is. */
function wrongCertificate(
  { unit, signed, spkiSha256 }: RegisterDeviceInput,
  { products, issuers }: PassTrust,
): string | undefined {
  const facts = describeCertificate(Buffer.from(signed.certificate, 'base64'), issuers);
  if (facts?.issuedByUs !== true) return 'was not signed by the CA of this factory line';
  const product = products.find(({ name }) => name === unit.product);
  if (product === undefined) return `is for the product ${unit.product}, which is not configured here`;
  const commonName = fillTemplate(product.commonName, unit.serial);
  const names = facts.serial === unit.serial && facts.commonName === commonName;
  if (!names || facts.spkiSha256 !== spkiSha256) return 'has other names or another key';
  return isSame(facts, signed) ? undefined : 'is not the one that is described';
}

function isSame(facts: CertificateFacts, signed: RegisterDeviceInput['signed']): boolean {
  const sameTime = (one: string, other: string): boolean => Date.parse(one) === Date.parse(other);
  return (
    facts.certificateSha256 === signed.fingerprint &&
    facts.certificateSerial === signed.certificateSerial &&
    sameTime(facts.notBefore, signed.notBefore) &&
    sameTime(facts.notAfter, signed.notAfter)
  );
}

function isListed({ unit, claim }: RegisterDeviceInput, listed: UnitRecord): boolean {
  const isSameUnit = listed.batchId === unit.batchId && listed.product === unit.product;
  return isSameUnit && (listed.boardId === undefined || listed.boardId === claim.boardId);
}

function unproven(serial: string, why: string): RegistryError {
  return new RegistryError('unproven', `The pass of ${serial.slice(0, 40)} is not recorded: ${why}.`);
}

import type { CertificateRecord } from '../../provisioning/certificate-record.ts';
import { expectedOf, notAfterOf, profileSha256 } from '../profile/certificate-profile.ts';
import type { CertificateProfile } from '../profile/certificate-profile.ts';
import { lintTbs, signTbs, verifySigned } from './checked-signing.ts';
import type { Expectation } from './checked-signing.ts';
import { notBeforeOf, randomCertificateSerial } from '../certificate/device-certificate.ts';
import { DeviceTbsTemplate } from '../certificate/device-tbs-template.ts';
import type { Issuance, Issuances, Reservation } from './issuances.ts';
import { checkRequest, requestDigest } from './issue-request.ts';
import type { IssueRequest } from './issue-request.ts';
import type { IssuingCa } from '../ca/issuing-ca.ts';
import { sha256Hex } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';

/** The points between which `issue` can be interrupted, in their order. */
export const ISSUE_STEPS = [
  'lookedUp',
  'built',
  'linted',
  'reserved',
  'signed',
  'verified',
  'recorded',
] as const;

type IssueStep = (typeof ISSUE_STEPS)[number];

/** What an issuer is made of. `atStep` receives each step as it is reached: for measuring, and for killing in tests. */
export interface IssuerParts {
  readonly ca: IssuingCa;
  readonly issuances: Issuances;
  /** The profile of a product; undefined for a product that is not configured. */
  readonly profileOf: (product: string) => CertificateProfile | undefined;
  readonly now?: () => Date;
  readonly atStep?: (step: IssueStep, requestId: string) => void;
}

/**
 * Issues device certificates, each request once: look up, build, lint, reserve, sign, verify, record. After any
 * interruption the same request continues from the stored reservation and ends with the same bytes.
 */
export class Issuer {
  readonly #ca: IssuingCa;
  readonly #issuances: Issuances;
  readonly #profileOf: IssuerParts['profileOf'];
  readonly #now: () => Date;
  readonly #atStep: NonNullable<IssuerParts['atStep']>;
  readonly #templates = new Map<string, Promise<DeviceTbsTemplate>>();
  /** Requests under way in this process; another process's are met in the ledger. */
  readonly #running = new Map<
    string,
    { readonly digest: string; readonly result: Promise<CertificateRecord> }
  >();

  constructor({ ca, issuances, profileOf, now = () => new Date(), atStep = () => {} }: IssuerParts) {
    this.#ca = ca;
    this.#issuances = issuances;
    this.#profileOf = profileOf;
    this.#now = now;
    this.#atStep = atStep;
  }

  /**
   * The certificate of a request. Throws NOT_RELEASED, KEY_REUSED, ALREADY_ISSUED, BOARD_BOUND, SERIAL_BOUND,
   * QUOTA_EXCEEDED, REQUEST_CONFLICT, CERTIFICATE_WITHDRAWN, PROFILE_INVALID, for none of which a retry helps, and
   * LEDGER_UNAVAILABLE, LEDGER_CORRUPT, CA_UNAVAILABLE, CLOCK_WRONG, SIGNER_FAULT, where it may. `admit` is asked once about a
   * request that the ledger does not have; what it throws refuses the request.
   */
  async issue(
    request: IssueRequest,
    admit: () => Promise<void> = async () => {},
  ): Promise<CertificateRecord> {
    checkRequest(request);
    const digest = requestDigest(request);
    const running = this.#running.get(request.requestId);
    if (running !== undefined) {
      if (running.digest !== digest) throw conflict(request);
      return running.result;
    }
    const result = this.#issue(request, digest, admit).finally(() => this.#running.delete(request.requestId));
    this.#running.set(request.requestId, { digest, result });
    return result;
  }

  /** The digest of a product's profile, as orders name it; undefined for a product that is not configured. */
  profileSha256(product: string): string | undefined {
    const profile = this.#profileOf(product);
    return profile && profileSha256(profile);
  }

  async #issue(
    request: IssueRequest,
    digest: string,
    admit: () => Promise<void>,
  ): Promise<CertificateRecord> {
    const known = await this.#issuances.find(request.requestId);
    if (known !== undefined) return this.#resume(request, digest, known);
    await admit();
    this.#atStep('lookedUp', request.requestId);
    const reservation = await this.#prepare(request, digest);
    this.#lint(reservation);
    this.#atStep('linted', request.requestId);
    const reserved = await this.#issuances.reserve(reservation, request.read);
    this.#atStep('reserved', request.requestId);
    const isOurs = reserved.certificateSerial === reservation.certificateSerial;
    return isOurs ? this.#sign(reserved) : this.#resume(request, digest, reserved);
  }

  /** Fixes everything that the certificate will say. */
  async #prepare(request: IssueRequest, digest: string): Promise<Reservation> {
    const {
      csr: { spki, spkiSha256 },
      read: _read,
      ...rest
    } = request;
    const now = this.#now();
    const profile = this.#profileFor(request.product);
    const notBefore = notBeforeOf(now, this.#ca.facts);
    const certificateSerial = randomCertificateSerial();
    const terms = { serial: request.serial, spki, certificateSerial, notBefore };
    const tbs = (await this.#templateOf(profile)).tbsOf(terms);
    this.#atStep('built', request.requestId);
    return {
      ...rest,
      requestSha256: digest,
      spkiSha256,
      certificateSerial: Buffer.from(certificateSerial).toString('hex'),
      notBefore: notBefore.toISOString(),
      notAfter: notAfterOf(profile, notBefore).toISOString(),
      tbs,
      reservedAt: now.toISOString(),
    };
  }

  /** Brings an earlier reservation to its end, wherever it stands. */
  async #resume(request: IssueRequest, digest: string, issuance: Issuance): Promise<CertificateRecord> {
    if (issuance.requestSha256 !== digest) throw conflict(request);
    const issued = issuedOf(issuance);
    if (issued !== undefined) return issued;
    this.#lint(issuance);
    const resumed = await this.#issuances.resumeSigning(request.requestId, this.#now(), request.read);
    return issuedOf(resumed) ?? this.#sign(resumed);
  }

  async #sign({ requestId, serial, tbs, ...issuance }: Issuance): Promise<CertificateRecord> {
    const certificate = await signTbs(this.#ca, tbs, requestId);
    this.#atStep('signed', requestId);
    await verifySigned(this.#ca, { tbs, certificate }, serial);
    this.#atStep('verified', requestId);
    const recorded = await this.#issuances.recordIssued(requestId, certificate);
    this.#atStep('recorded', requestId);
    return recordOf(issuance, recorded);
  }

  /** Refuses to sign what breaks the profile. */
  #lint(reservation: Reservation): void {
    const findings = lintTbs(this.#ca, reservation.tbs, this.#expectationFor(reservation)).join(', ');
    if (findings === '') return;
    const message = `The certificate for ${reservation.serial} would not follow its profile (${findings}): fix the configuration of the product, or the CA.`;
    throw new PkiError('PROFILE_INVALID', message, { reason: 'lint' });
  }

  #expectationFor(issuance: Reservation): Expectation {
    return { expected: expectedOf(this.#profileFor(issuance.product), issuance), now: this.#now() };
  }

  /** Profiles are configuration: few, and a template is made again only when they change. */
  #templateOf(profile: CertificateProfile): Promise<DeviceTbsTemplate> {
    const key = JSON.stringify(profile);
    const template = this.#templates.get(key) ?? DeviceTbsTemplate.make(profile, this.#ca.facts);
    this.#templates.set(key, template);
    return template;
  }

  #profileFor(product: string): CertificateProfile {
    const profile = this.#profileOf(product);
    if (profile !== undefined) return profile;
    throw new PkiError(
      'PROFILE_INVALID',
      `The product ${product} has no certificate profile: add it to the configuration of the signer.`,
      {
        reason: 'product-unknown',
      },
    );
  }
}

/**
 * The certificate of a row; undefined while there is none. Throws CERTIFICATE_WITHDRAWN where it is no longer valid.
 */
function issuedOf(issuance: Issuance): CertificateRecord | undefined {
  const { state, certificate, requestId, reason } = issuance;
  if (state === 'superseded' || state === 'revoked') {
    const message = `The certificate of request ${requestId} is ${state} (${reason}): start a new attempt.`;
    throw new PkiError('CERTIFICATE_WITHDRAWN', message, { reason: state });
  }
  return certificate === undefined ? undefined : recordOf(issuance, certificate);
}

/** The certificate of an issuance. */
export function recordOf(
  {
    certificateSerial,
    spkiSha256,
    notBefore,
    notAfter,
  }: Pick<Issuance, 'certificateSerial' | 'spkiSha256' | 'notBefore' | 'notAfter'>,
  certificate: Uint8Array,
): CertificateRecord {
  return {
    certificate,
    certificateSerial,
    certificateSha256: sha256Hex(certificate),
    spkiSha256,
    notBefore,
    notAfter,
  };
}

function conflict({ requestId }: IssueRequest): PkiError {
  return new PkiError(
    'REQUEST_CONFLICT',
    `The request ${requestId} came again with different contents: find out who sent it.`,
    {
      reason: 'contents',
    },
  );
}

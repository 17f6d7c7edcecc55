import { gateCsr } from '../../../pki/signing/csr-gate.ts';
import type { Issuance, Issuances } from '../../../pki/signing/issuances.ts';
import type { IssueRequest } from '../../../pki/signing/issue-request.ts';
import type { CertificateRecord } from '../../../provisioning/certificate-record.ts';
import type { Issuer } from '../../../pki/signing/issuer.ts';
import type { RevocationReason } from '../../../pki/x509/revocation-reason.ts';

/** A request whose CSR no gate has seen: DER. */
export type CsrRequest = Omit<IssueRequest, 'csr'> & { readonly csr: Uint8Array };

/** An issuer behind the CSR gate, as the signing desk has it but for stations and orders, with its ledger at hand. */
export class GatedIssuer {
  readonly #issuer: Issuer;
  readonly #issuances: Issuances;
  /** Requests reach the issuer in the order in which a test makes them. */
  #gating: Promise<unknown> = Promise.resolve();

  constructor(issuer: Issuer, issuances: Issuances) {
    this.#issuer = issuer;
    this.#issuances = issuances;
  }

  async issue({ csr, ...request }: CsrRequest): Promise<CertificateRecord> {
    const gating = gateCsr(csr);
    const gated = this.#gating.then(() => gating);
    this.#gating = gated.catch(() => undefined);
    return await this.#issuer.issue({ ...request, csr: await gated });
  }

  find(requestId: string): Promise<Issuance | undefined> {
    return this.#issuances.find(requestId);
  }

  activate(requestIds: readonly string[]): Promise<string[]> {
    return this.#issuances.activate(requestIds);
  }

  /** Revokes by request id, or what is live of a serial; undefined when there is none. */
  async revoke(
    which: { readonly requestId: string } | { readonly serial: string },
    reason: RevocationReason,
  ): Promise<Issuance | undefined> {
    const requestId =
      'requestId' in which ? which.requestId : (await this.#issuances.liveIssuance(which.serial))?.requestId;
    return requestId === undefined ? undefined : await this.#issuances.revoke(requestId, reason, 'a person');
  }
}

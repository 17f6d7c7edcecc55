import { Context } from '@temporalio/activity';
import { describeCertificate } from '../pki/lint/certificate-facts.ts';
import type { Product } from '../provisioning/product.ts';
import type { BoardCertificate } from '../provisioning/signing.ts';
import type { ConfiguredRegistry } from '../registry/outbox/configured-registry.ts';
import type { Registry } from '../registry/registry.ts';

/** What is needed to know where a certificate works that nobody registers. */
export interface CertificateTrust {
  readonly registry: Pick<Registry, 'unit' | 'noteUnregistered'>;
  readonly products: readonly Product[];
  /** Our CA certificates, DER. */
  readonly issuers: readonly Uint8Array[];
  readonly deviceRegistries: readonly ConfiguredRegistry[];
}

/**
 * A certificate that was signed for a unit is noted, so that it is withdrawn where the unit ends without it. Nothing is done where no
 * device registry of the product takes it before it is registered, nor for what our CA did not sign for this unit: anybody may
 * have sent it.
 */
export async function noteSigned(
  { registry, products, issuers, deviceRegistries }: CertificateTrust,
  { batchId, serial }: { readonly batchId: string; readonly serial: string },
  signed: BoardCertificate | undefined,
): Promise<void> {
  const trusting = deviceRegistries.filter(({ registry: each }) => each.guarantees.signedIsLive);
  if (signed === undefined || trusting.length === 0) return;
  const unit = await registry.unit(serial);
  const product = products.find(({ name }) => name === unit?.product);
  const names = new Set(trusting.map(({ registry: { name } }) => name));
  const liveAt = product?.registries?.filter((name) => names.has(name)) ?? [];
  if (unit?.batchId !== batchId || liveAt.length === 0) return;
  const certificate = Buffer.from(signed.certificate, 'base64');
  const facts = describeCertificate(certificate, issuers);
  if (facts?.issuedByUs !== true || facts.serial !== unit.serial) {
    Context.current().log.warn('a certificate is said to be of a unit, and is not: find out who sent it', {
      serial,
    });
    return;
  }
  const { certificateSha256 } = facts;
  const { boardId } = signed;
  await registry.noteUnregistered({ batchId, serial }, { boardId, certificate, certificateSha256, liveAt });
}

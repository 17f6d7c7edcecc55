import { createPublicKey, verify } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Signer } from '../../../pki/signers/signer.ts';
import { code } from '../signing/signing-line.ts';

/** What every signer must do, wherever its key is. `open` opens the same key each time. */
export function describeSigner(open: () => Promise<Signer>): void {
  const isSigned = (signer: Signer, message: Uint8Array, signature: Uint8Array): boolean => {
    const key = createPublicKey({ key: Buffer.from(signer.spki), format: 'der', type: 'spki' });
    return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  };

  it('makes signatures of 64 octets that verify with its key', async () => {
    const signer = await open();
    for (const length of [0, 1, 471, 100_000]) {
      const message = Buffer.alloc(length, 7);
      const signature = await signer.sign(message, { requestId: 'r' });
      expect(signature).toHaveLength(64);
      expect(isSigned(signer, message, signature)).toBe(true);
    }
    await signer.close();
  });

  it('has the same key each time it is opened, and a probe that passes', async () => {
    const [first, second] = [await open(), await open()];
    expect(Buffer.from(second.spki)).toEqual(Buffer.from(first.spki));
    await Promise.all([first, second].map((signer) => signer.probe()));
    await Promise.all([first, second].map((signer) => signer.close()));
  });

  it('takes 500 at once, and each gets its own signature', async () => {
    const signer = await open();
    const messages = Array.from({ length: 500 }, (_, index) => Buffer.from(`message ${index}`));
    const signatures = await Promise.all(messages.map((message) => signer.sign(message, { requestId: 'r' })));
    expect(messages.every((message, index) => isSigned(signer, message, signatures[index]!))).toBe(true);
    await signer.close();
  });

  it('signs nothing once it is closed, and closes twice', async () => {
    const signer = await open();
    await signer.close();
    await signer.close();
    const refused = signer.sign(Buffer.from('x'), { requestId: 'r' });
    await expect(refused).rejects.toThrow(code('CA_UNAVAILABLE', 'closed'));
    await expect(signer.probe()).rejects.toThrow(code('CA_UNAVAILABLE'));
  });
}

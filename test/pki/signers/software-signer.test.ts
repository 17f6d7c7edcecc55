import { generateKeyPairSync } from 'node:crypto';
import { describe } from 'vitest';
import { SoftwareSigner } from '../../../pki/signers/software-signer.ts';
import { describeSigner } from './signer-conformance.ts';

describe('the software signer', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  describeSigner(async () => new SoftwareSigner('test', privateKey));
});

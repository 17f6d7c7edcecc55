import { generateKeyPairSync } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { RemoteWitness } from '../../line/remote-witness.ts';
import { noteVerifierOf, verifierText } from '../../pki/keys/signed-note.ts';
import { ODD_ANSWERS, startOddServer } from '../registry/http/odd-server.ts';

const HEAD = { size: 1, hash: 'ab'.repeat(32) };

it.each(Object.entries(ODD_ANSWERS))(
  'a witness that %s is given up, and nothing is signed without it',
  async (_what, does) => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = verifierText(noteVerifierOf('certline-witness', privateKey));
    const auditKey = { verifier: noteVerifierOf('certline-audit', privateKey) };
    const ledger = { auditHash: async () => HEAD.hash };
    const place = { url: await startOddServer(does), key };
    const witness = new RemoteWitness(place, auditKey, ledger, 300);
    onTestFinished(() => witness.close());
    await expect(witness.witness(HEAD, 'a note')).rejects.toMatchObject({
      code: 'WITNESS_UNAVAILABLE',
      reason: 'connection',
    });
  },
  5_000,
);

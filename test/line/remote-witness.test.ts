import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RemoteWitness } from '../../line/remote-witness.ts';
import { openWitness, WITNESS_FILES } from '../../cli/witness/serve-witness.ts';
import { signCheckpoint } from '../../pki/audit/audit-checkpoint.ts';
import { noteVerifierOf, verifierText } from '../../pki/keys/signed-note.ts';
import type { NoteVerifier } from '../../pki/keys/signed-note.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ODD_ANSWERS, startOddServer } from '../registry/http/odd-server.ts';

/** A head of a log without a ledger, with its note. */
function headOf(size: number, key: NoteVerifier, privateKey: KeyObject) {
  const head = { size, hash: `${size}`.repeat(64) };
  return { head, note: signCheckpoint({ ...head, at: '2026-01-01T00:00:00.000Z' }, key, privateKey) };
}

it('a witness that has signed more than the ledger has says how to continue without it, and that works', async () => {
  const folder = temporaryFolder();
  const server = openWitness(folder).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { privateKey } = generateKeyPairSync('ed25519');
  const verifier = noteVerifierOf('certline-audit', privateKey);
  writeFileSync(join(folder, WITNESS_FILES.signers), `${verifierText(verifier)}\n`);
  const key = readFileSync(join(folder, WITNESS_FILES.verifier), 'utf8').trim();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const hashes = new Map<number, string>();
  const open = () =>
    new RemoteWitness({ url, key }, { verifier }, { auditHash: async (size) => hashes.get(size) });
  const witnesses = [open(), open(), open()] as const;
  onTestFinished(() => {
    for (const witness of witnesses) witness.close();
    server.closeAllConnections();
    server.close();
  });
  const [older, newer] = [headOf(1, verifier, privateKey), headOf(2, verifier, privateKey)];
  hashes.set(newer.head.size, newer.head.hash);
  await witnesses[0].witness(newer.head, newer.note);

  hashes.clear();
  hashes.set(older.head.size, older.head.hash);
  await expect(witnesses[1].witness(older.head, older.note)).rejects.toMatchObject({
    code: 'LEDGER_STALE',
    reason: 'older',
    message: expect.stringContaining(`delete the file "${WITNESS_FILES.head}"`) as string,
  });
  rmSync(join(folder, WITNESS_FILES.head));
  await witnesses[2].witness(older.head, older.note);
});

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

import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, signCheckpoint } from '../../../pki/audit/audit-checkpoint.ts';
import { createAuditKey, loadAuditKey } from '../../../pki/keys/audit-key.ts';
import { openNote, parseVerifier, signNote, verifierText } from '../../../pki/keys/signed-note.ts';
import { fileIn, openssl } from '../openssl.ts';
import { code } from '../signing/signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const key = createAuditKey(join(folder, 'audit.key.pem'));
const checkpoint = { size: 42, hash: 'ab'.repeat(32), at: '2026-01-02T03:04:05.678Z' };
const note = signCheckpoint(checkpoint, key.verifier, key.privateKey);

/** The example of Go's golang.org/x/mod/sumdb/note, signed by its keys: "PeterNeumann". */
const GO_VERIFIER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const GO_NOTE = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;

describe('a signed note', () => {
  it('of another implementation opens', () => {
    const verifier = parseVerifier(GO_VERIFIER)!;
    expect(verifierText(verifier)).toBe(GO_VERIFIER);
    expect(openNote(GO_NOTE, verifier)).toMatch(/^If you think .*\n.*problem is\.\n$/);
    expect(openNote(GO_NOTE.replace('answer', 'Answer'), verifier)).toBeUndefined();
    expect(openNote(GO_NOTE, key.verifier)).toBeUndefined();
  });

  it('has a signature that openssl verifies over the very text', () => {
    const [text, signatures] = note.split('\n\n') as [string, string];
    const signature = Buffer.from(signatures.trim().split(' ')[2]!, 'base64').subarray(4);
    const pem = createPublicKey(key.privateKey).export({ format: 'pem', type: 'spki' });
    const files = [
      fileIn(folder, 'key.pem', pem),
      fileIn(folder, 'text', `${text}\n`),
      fileIn(folder, 'signature', signature),
    ];
    const args = ['-pubin', '-inkey', files[0]!, '-rawin', '-in', files[1]!, '-sigfile', files[2]!];
    expect(openssl('pkeyutl', '-verify', ...args).toString()).toContain('Verified Successfully');
  });

  it.each([
    ['no signature', 'text\n'],
    ['an empty one', 'text\n\n\n'],
    ['no newline at its end', note.slice(0, -1)],
    ['nothing at all', ''],
  ])('with %s does not open', (_name, text) => {
    expect(openNote(text, key.verifier)).toBeUndefined();
  });

  it('opens when others signed it too', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const other = signNote('x\n', parseVerifier(GO_VERIFIER)!, privateKey).split('\n\n')[1]!;
    expect(openCheckpoint(`${note.trimEnd()}\n${other}`, key.verifier)).toEqual(checkpoint);
  });
});

describe('a checkpoint', () => {
  it('says what was signed, in the form of C2SP tlog-checkpoint', () => {
    expect(openCheckpoint(note, key.verifier)).toEqual(checkpoint);
    const base64 = Buffer.from(checkpoint.hash, 'hex').toString('base64');
    const { name } = key.verifier;
    expect(note.startsWith(`${name}\n42\n${base64}\ntime 2026-01-02T03:04:05.678Z\n\n— ${name} `)).toBe(true);
  });

  it('says until when its times may be wrong, in a line that others pass over', () => {
    const corrected = { ...checkpoint, clockWrongUntil: '2027-01-01T00:00:00.000Z' };
    const signed = signCheckpoint(corrected, key.verifier, key.privateKey);
    expect(openCheckpoint(signed, key.verifier)).toEqual(corrected);
    expect(signed.split('\n').slice(0, 4)).toEqual(note.split('\n').slice(0, 4));
  });

  it('with any octet changed is none, or says the same', () => {
    const opened = new Set<string>();
    for (let at = 0; at < note.length; at += 1) {
      const changed = note.slice(0, at) + (note[at] === 'A' ? 'B' : 'A') + note.slice(at + 1);
      opened.add(JSON.stringify(openCheckpoint(changed, key.verifier)));
    }
    // The last digit of base64 may carry bits that mean nothing.
    expect([...opened].filter((text) => text !== JSON.stringify(checkpoint))).toEqual([undefined]);
  });
});

describe('the audit key', () => {
  it('is a file of mode 600, and the same when it is read', () => {
    const path = join(folder, 'audit.key.pem');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(verifierText(loadAuditKey(path).verifier)).toBe(verifierText(key.verifier));
    expect(() => createAuditKey(path)).toThrow(code('AUDIT_KEY_INVALID'));
  });

  it('that others can read, that is missing, or that is another kind is refused', () => {
    const path = join(folder, 'open.pem');
    createAuditKey(path);
    chmodSync(path, 0o640);
    expect(() => loadAuditKey(path)).toThrow(code('AUDIT_KEY_INVALID'));
    expect(() => loadAuditKey(join(folder, 'none.pem'))).toThrow(code('AUDIT_KEY_INVALID'));
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(path, privateKey.export({ format: 'pem', type: 'pkcs8' }));
    chmodSync(path, 0o600);
    expect(() => loadAuditKey(path)).toThrow(code('AUDIT_KEY_INVALID'));
  });
});

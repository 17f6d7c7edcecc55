import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { intakeKeysPath } from '../../../line/state-folder.ts';
import { noteVerifierOf, verifierText } from '../../../pki/keys/signed-note.ts';
import { readVerifierKeys } from '../../../pki/keys/verifier-key-file.ts';
import { newPlace } from '../../support/certline.ts';

const newKey = (name: string): string =>
  verifierText(noteVerifierOf(name, generateKeyPairSync('ed25519').publicKey));

const ADMITTED = {
  status: 0,
  stdout: 'The intake intake is admitted: the signer accepts what it releases\n',
};

describe('certline intake', () => {
  it('takes an intake from its host to the list of the signer, by the line that it prints', async () => {
    const [host, signer] = [newPlace(), newPlace()];
    const printed = await host.certline('intake', 'enroll');
    expect((await host.certline('intake', 'enroll')).stdout).toBe(printed.stdout);
    const [, key] = /^certline intake admit '(intake\+[^']+)'\n$/.exec(printed.stdout)!;
    for (let time = 0; time < 2; time += 1)
      expect(await signer.certline('intake', 'admit', ` ${key!}\n`)).toMatchObject(ADMITTED);
    const path = intakeKeysPath(signer.state);
    expect(readFileSync(path, 'utf8')).toBe(`${key}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await signer.certline('intake', 'admit', `${key}x`)).toMatchObject({ status: 4 });
  });

  it.each([
    ['with an end', '\n'],
    ['without an end', ''],
    ['that ends as on Windows', '\r\n'],
    ['before a remark', '\n# the head office'],
  ])('keeps the list that a person wrote, with a last text line %s', async (_how, end) => {
    const signer = newPlace();
    await signer.certline('intake', 'admit', newKey('intake'));
    const path = intakeKeysPath(signer.state);
    const [first, second] = [newKey('one'), newKey('two')];
    writeFileSync(path, `# by A. Smith\n${first}\n\n${second}${end}`);
    const third = newKey('intake');
    expect(await signer.certline('intake', 'admit', third)).toMatchObject(ADMITTED);
    expect(readVerifierKeys(path).map(verifierText)).toEqual([first, second, third]);
    expect(readFileSync(path, 'utf8')).toContain('# by A. Smith\n');
  });

  it('changes nothing in a list that cannot be read', async () => {
    const signer = newPlace();
    await signer.certline('intake', 'admit', newKey('intake'));
    const path = intakeKeysPath(signer.state);
    const list = `${newKey('one')}${newKey('two')}\n`;
    writeFileSync(path, list);
    const refused = await signer.certline('intake', 'admit', newKey('three'));
    expect(refused).toMatchObject({ status: 4 });
    expect(refused.stderr).toContain('Text line 1 of');
    expect(refused.stderr).toContain('a text line of its own');
    expect(readFileSync(path, 'utf8')).toBe(list);
  });
});

import { describe, expect, it } from 'vitest';
import { quoted } from '../../../registry/http/quoted.ts';

const KEY = 'k3y/with+signs==';

describe('what a cloud says', () => {
  it.each([
    ['as it is', KEY],
    ['without its padding', 'k3y/with+signs'],
    ['in an address', 'k3y%2Fwith%2Bsigns%3D%3D'],
    ['in an address with small letters', 'k3y%2fwith%2bsigns%3d%3d'],
    ['in base64', Buffer.from(KEY).toString('base64')],
    ['in base64 for addresses', Buffer.from(KEY).toString('base64url')],
    ['in base64 in an address', encodeURIComponent(Buffer.from(KEY).toString('base64'))],
  ])('has no credential %s', (_how, form) => {
    const said = quoted(`unknown key ${form}, and again ${form}.`, ['another', KEY]);
    expect(said).toMatch(/^unknown key \[credential\]\S*, and again \[credential\]\S*\.$/);
    expect(said).not.toMatch(/k3y|signs|azN5/);
  });

  it.each([180, 190, 195, 199])(
    'has no beginning of a credential where it is cut after %d characters',
    (at) => {
      const said = quoted(`${'x'.repeat(at)}${KEY} is unknown`, [KEY]);
      expect(said).toHaveLength(200);
      expect(said).not.toContain('k3y');
    },
  );

  it('has no part of a credential that contains another one', () => {
    expect(quoted('name:password, password', ['password', 'name:password'])).toBe(
      '[credential], [credential]',
    );
  });

  it('is fit for a sentence, and stays as it is without a credential', () => {
    expect(quoted('no\nsuch\u001B[31m device', ['', KEY])).toBe('no such [31m device');
  });
});

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { pinRefusalPath } from '../../../line/state-folder.ts';
import { rememberRefused } from '../../../pki/signers/pkcs11-pin.ts';
import { json, newPlace, PRODUCT } from '../../support/certline.ts';

it('certline ca retry-pin clears what is remembered of a refused PIN, if a person says so', async () => {
  const place = newPlace();
  const refusal = pinRefusalPath(place.state);
  expect(await place.certline('ca', 'retry-pin')).toMatchObject({ status: 4 });
  const pinFile = join(place.folder, 'pin');
  writeFileSync(pinFile, '482913\n', { mode: 0o600 });
  const pkcs11 = { module: '/usr/lib/softhsm/libsofthsm2.so', token: 'factory', label: 'ica', pinFile };
  place.configure({ inbox: place.inbox, products: [PRODUCT], pkcs11 });
  expect((await place.certline('ca', 'retry-pin')).stdout).toContain('there is nothing to clear');
  mkdirSync(dirname(refusal), { recursive: true });
  rememberRefused(refusal, '482913');
  expect(await place.certline('ca', 'retry-pin')).toMatchObject({ status: 2 });
  expect(existsSync(refusal)).toBe(true);
  const cleared = await place.certline('ca', 'retry-pin', '--yes', '--json');
  expect(json(cleared)).toEqual({ token: 'factory', pinFile, isCleared: true });
  expect(existsSync(refusal)).toBe(false);
});

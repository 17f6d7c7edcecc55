import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import { encode } from 'cbor-x';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import { SecretBytes } from '../../../pki/keys/secret-bytes.ts';
import { KeySearch } from '../../end-to-end/key-search.ts';

const MARK = [0xde, 0xad, 0xbe, 0xef];

function makeSecret(): SecretBytes {
  return new SecretBytes(Uint8Array.from(MARK));
}

describe('SecretBytes', () => {
  it('lends its bytes and knows their number', () => {
    const secret = makeSecret();
    expect(secret.length).toBe(4);
    expect(secret.use((bytes) => [...bytes])).toEqual(MARK);
  });

  it('overwrites the very memory it was given', () => {
    const bytes = Uint8Array.from(MARK);
    const secret = new SecretBytes(bytes);
    secret.wipe();
    secret.wipe();
    expect([...bytes]).toEqual([0, 0, 0, 0]);
    expect(() => secret.use(() => 0)).toThrow(expect.objectContaining({ code: 'SECRET_MISUSED' }));
  });

  it.each([
    ['JSON', (secret: SecretBytes) => JSON.stringify({ nested: [{ secret }] })],
    ['structured clone', (secret: SecretBytes) => structuredClone(secret)],
    ['v8', (secret: SecretBytes) => serialize({ secret })],
    ['CBOR', (secret: SecretBytes) => encode({ secret })],
  ])('refuses %s', (_name, serializeSecret) => {
    expect(() => serializeSecret(makeSecret())).toThrow();
  });

  it.each([
    ['string', (secret: SecretBytes) => String(secret)],
    ['join', (secret: SecretBytes) => ['', secret].join('')],
    ['inspect', (secret: SecretBytes) => inspect({ secret }, { depth: 9, showHidden: true })],
    ['format', (secret: SecretBytes) => format('%s %o', secret, secret)],
    ['keys', (secret: SecretBytes) => Object.entries(secret).join()],
  ])('shows nothing as %s', (_name, show) => {
    const shown = show(makeSecret());
    expect(shown).not.toMatch(/222|173|de.?ad/iu);
  });

  it('leaks through no shape that pino can be given', () => {
    const lines: string[] = [];
    const log = pino(
      { level: 'trace', base: null, timestamp: false },
      { write: (line: string) => lines.push(line) },
    );
    const secret = makeSecret();
    log.info({ secret });
    log.info({ deep: { deeper: [secret] } }, 'message %s %o', secret, secret);
    log.error(Object.assign(new Error('failed'), { secret }));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('')).not.toMatch(/222|173|de.?ad/iu);
  });
});

describe('a key that a process holds', () => {
  it('is in no diagnostic report of the process', () => {
    const held = generateDeviceKey();
    const file = held.exportKeyFile('sec1');
    const report = JSON.stringify(process.report.getReport());
    const search = file.use((bytes) => new KeySearch([bytes]));
    search.inText('the report', report);
    expect(search.searched).toBeGreaterThan(1_000);
    expect(search.findings).toEqual([]);
    file.wipe();
    held.destroy();
  });
});

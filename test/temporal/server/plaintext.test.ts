import { describe, expect, it } from 'vitest';
import { plaintextWarning } from '../../../temporal/server/plaintext.ts';

describe('a connection without TLS', () => {
  it.each([
    'temporal.example:7233',
    '192.0.2.1:7233',
    '[2001:db8::1]:7233',
    '127.0.0.1.evil.example:7233',
    '10.127.0.1:1',
  ])('is warned of when it leaves this host: %s', (address) => {
    expect(plaintextWarning(address, { address })).toContain(`The connection to ${address} has no TLS`);
    expect(plaintextWarning(address, { address, tls: false })).toBeDefined();
  });

  it.each(['localhost:7233', '127.0.0.1:7233', '127.9.9.9:1', '[::1]:7233'])(
    'is fine on this host: %s',
    (address) => {
      expect(plaintextWarning(address, { address })).toBeUndefined();
    },
  );

  it('is none where TLS is on, by itself or because of an API key', () => {
    const address = 'temporal.example:7233';
    expect(plaintextWarning(address, { address, tls: true })).toBeUndefined();
    expect(plaintextWarning(address, { address, tls: {} })).toBeUndefined();
    expect(plaintextWarning(address, { address, apiKey: 'k' })).toBeUndefined();
  });
});

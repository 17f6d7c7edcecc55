import { describe, expect, it } from 'vitest';
import { Sightings } from '../../../smp/text/sightings.ts';

function after(...pieces: readonly (string | Uint8Array)[]): Sightings {
  const sightings = new Sightings();
  for (const piece of pieces) sightings.add(Buffer.from(piece));
  return sightings;
}

describe('what a port has shown', () => {
  it.each([
    ['a log in another language', '[00:01] <inf> app: température 21 °C, große Änderung\r\n', ['text']],
    ['a log in Chinese', '[00:01] <inf> app: 启动完成，正在等待网络连接\r\n', ['text']],
    ['a log in Russian', 'Загрузка завершена\r\n', ['text']],
    ['a log with signs beyond the first plane', '🟢🟢🟢🟢\r\n', ['text']],
    ['a log', '*** Booting Zephyr ***\r\n[00:00] <inf> main: started\r\n', ['text']],
    ['a prompt', '\u001b[1;32muart:~$ \u001b[m', ['console', 'text']],
    ['a login', '\r\nboard login: \r\nPassword: \r\n# ', ['console', 'text']],
    ['a shell that complains', 'AAsIAAABAABCBqAA3g==: command not found\r\n', ['console', 'text']],
    ['a panic', '[    1.2] Kernel panic - not syncing: VFS\r\n', ['fault', 'text']],
    ['an assert', 'ASSERTION FAIL [len > 0] @ app.c:12\n\t\r\n', ['fault', 'text']],
  ])('%s', (_, text, seen) => {
    expect(after(text).seen).toEqual(seen);
  });

  it('is text in any language, in pieces of any size', () => {
    const bytes = Buffer.from('启动完成');
    expect(after(...[...bytes].map((byte) => Uint8Array.of(byte))).seen).toEqual(['text']);
  });

  it.each(['c3c3c3c3', 'e282e282e282', 'bfbfbfbf', 'c081c081', 'f5808080f5808080'])(
    'is garbage where bytes make no character: %s',
    (hex) => {
      expect(after(Buffer.from(`${hex}0a`, 'hex')).seen).toEqual(['garbage']);
    },
  );

  it('is garbage at a wrong baud rate', () => {
    expect(after(Buffer.from('f880f800fe80e0f8', 'hex')).seen).toEqual(['garbage']);
    expect(after(Buffer.from('fe', 'hex')).seen).not.toContain('garbage');
  });

  it('keeps a fault that more text follows, in pieces of any size', () => {
    const dump = 'E: >>> ZEPHYR FATAL ERROR 4: Kernel panic on CPU 0\r\n';
    const sightings = after(...`${dump}${'*** Booting ***\r\n'.repeat(20)}`.split(''));
    expect(sightings.faultText).toBe('E: >>> ZEPHYR FATAL ERROR 4: Kernel panic on CPU 0');
  });

  it('shows no piece of a frame and no control character', () => {
    const piece = Buffer.from('a private key that nobody may see').toString('base64');
    const sightings = after(`FATAL ERROR ${piece}\u001b[2J\u0007 at 0x20\r\n`);
    expect(sightings.faultText).toBe('FATAL ERROR …  at 0x20');
  });

  it('forgets what was printed while a secret passed', () => {
    const sightings = new Sightings();
    sightings.setSecret(true);
    sightings.add(Buffer.from('half a frame'));
    expect(sightings.lastLine).toBe('');
    sightings.setSecret(false);
    expect(sightings.lastLine).toBe('');
  });

  it('never holds more than it needs', () => {
    expect(after('x'.repeat(10_000), '\nlast').lastLine).toBe('last');
  });
});

import { expect, it } from 'vitest';
import { Terminal } from '../../../smp/text/terminal.ts';

it('reads text of any language, however it is cut into pieces', async () => {
  const terminal = new Terminal(() => undefined, new AbortController().signal);
  const typed = terminal.type('fs ls', (text) => text.endsWith('板:~$ '), 2_000);
  for (const byte of Buffer.from('\u001b[32m启动.bin\r\nétat.txt\r\n板:~$ '))
    terminal.add(Uint8Array.of(byte));
  expect(await typed).toBe('启动.bin\nétat.txt\n板:~$ ');
});

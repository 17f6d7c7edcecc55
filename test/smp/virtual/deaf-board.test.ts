import { describe, expect, it } from 'vitest';
import { closeFile } from '../../../smp/files/close-file.ts';
import { readFile } from '../../../smp/files/read-file.ts';
import { writeFile } from '../../../smp/files/write-file.ts';
import { startVirtualPort } from './virtual-port.ts';

const KEY = Uint8Array.from({ length: 121 }, (_, index) => index * 7);
const CERTIFICATE = Uint8Array.from({ length: 515 }, (_, index) => index * 13);

describe('a board that loses what comes right behind an answer', { timeout: 60_000 }, () => {
  it.concurrent.for([2, 15, 60, 250, 450])('for %i ms: gets its files', async (forMs, context) => {
    const port = startVirtualPort(context, { faults: [{ kind: 'deaf-after-answer', forMs }] });
    port.board.flash.mkdir('/lfs1/credentials');
    const client = await port.client();
    await client.connect();
    await writeFile(client, '/lfs1/credentials/key.der', KEY, { secret: true });
    await writeFile(client, '/lfs1/credentials/crt.der', CERTIFICATE);
    await closeFile(client, '/lfs1/credentials/crt.der');
    expect(await readFile(client, '/lfs1/credentials/key.der')).toEqual(KEY);
    expect(await readFile(client, '/lfs1/credentials/crt.der')).toEqual(CERTIFICATE);
    expect(port.uart.crashed).toBe(false);
  });
});

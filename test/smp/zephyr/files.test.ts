import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { SmpClient } from '../../../smp/client/client.ts';
import type { SmpClientOptions } from '../../../smp/client/client.ts';
import type { FirmwareLimits } from '../../../smp/client/message-limit.ts';
import { fileSize } from '../../../smp/files/file-size.ts';
import { FS_UPLOAD_FIRST } from '../../../smp/requests/fs-requests.ts';
import { ENUMERATION_DETAILS, ENUMERATION_LIST } from '../../../smp/requests/enumeration-requests.ts';
import { hashFile } from '../../../smp/files/hash-file.ts';
import { IMAGE_STATE } from '../../../smp/requests/image-requests.ts';
import { OS_BOOTLOADER, OS_PARAMETERS } from '../../../smp/requests/os-requests.ts';
import { readFile } from '../../../smp/files/read-file.ts';
import { openSerialLink } from '../../../smp/links/serial-link.ts';
import { SETTINGS_READ } from '../../../smp/requests/settings-requests.ts';
import type { SmpRequest } from '../../../smp/wire/smp-request.ts';
import { writeFile } from '../../../smp/files/write-file.ts';
import { startZephyr, cannotRun, reason } from './zephyr-server.ts';
import type { ZephyrServer } from './zephyr-server.ts';
import { exec } from '../../../smp/shell/exec.ts';

const KEY = Buffer.from(Array.from({ length: 121 }, (_, index) => (index * 7) & 255));
const CERTIFICATE = Buffer.from(Array.from({ length: 600 }, (_, index) => (index * 13) & 255));

// Some count round trips: a host that stalls for longer than a repeat takes adds one, so they may be tried again.
describe.skipIf(reason)(`files on real Zephyr, large buffers${cannotRun}`, { retry: 2 }, () => {
  let server: ZephyrServer;
  const clients: SmpClient[] = [];

  // Its file system has four blocks: two files, or one and room to replace it.
  beforeEach(async () => {
    server = await startZephyr('serial_fs');
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await server.stop();
  });

  async function connect(options: SmpClientOptions = {}, baudRate = 115_200): Promise<SmpClient> {
    const client = new SmpClient(await openSerialLink({ path: server.path, baudRate }), options);
    clients.push(client);
    await client.connect();
    return client;
  }

  it('learns the buffers', async () => {
    const client = await connect();
    expect(await client.request(OS_PARAMETERS, undefined)).toEqual({ bufferBytes: 1024, bufferCount: 4 });
    expect(client.limit.ceilingBytes).toBe(1020);
  });

  it('writes, reads, sizes and hashes', async () => {
    const client = await connect();
    await writeFile(client, '/lfs1/key.der', KEY, { secret: true });
    await writeFile(client, '/lfs1/crt.der', CERTIFICATE);
    expect(Buffer.from((await readFile(client, '/lfs1/key.der', { secret: true })) as Uint8Array)).toEqual(
      KEY,
    );
    expect(await fileSize(client, '/lfs1/crt.der')).toBe(600);
    expect(await hashFile(client, '/lfs1/crt.der', 'sha256')).toEqual({
      hash: createHash('sha256').update(CERTIFICATE).digest('hex'),
      length: 600,
      by: 'board',
    });
    expect(await hashFile(client, '/lfs1/crt.der', 'crc32')).toEqual({
      hash: crc32(CERTIFICATE).toString(16).padStart(8, '0'),
      length: 600,
      by: 'board',
    });
    expect(client.statistics).toMatchObject({ stray: 0, damaged: 0 });
  });

  it('tells absent files from present ones', async () => {
    const client = await connect();
    expect(await readFile(client, '/lfs1/none')).toBeUndefined();
    expect(await fileSize(client, '/lfs1/none')).toBeUndefined();
    expect(await hashFile(client, '/lfs1/none', 'sha256')).toBeUndefined();
  });

  it('replaces a file by a shorter and by a longer one', async () => {
    const client = await connect();
    for (const length of [500, 10, 700, 1]) {
      const content = CERTIFICATE.toReversed().subarray(0, length);
      await writeFile(client, '/lfs1/crt.der', content);
      expect(await readFile(client, '/lfs1/crt.der')).toEqual(new Uint8Array(content));
    }
  });

  it('needs four round trips for a key and a certificate, written and read back, when the buffers are known', async () => {
    const client = await connect({ maxMessageBytes: 1020 });
    const before = client.statistics.messages;
    await writeFile(client, '/lfs1/key.der', KEY, { secret: true });
    await writeFile(client, '/lfs1/crt.der', CERTIFICATE);
    expect(client.statistics.messages - before).toBe(4);
  });

  it('is not caught by a first part that an earlier client left open, the trap of this firmware', async () => {
    const dying = await connect();
    const part = { path: '/lfs1/crt.der', offset: 0, total: 600, bytes: CERTIFICATE.subarray(0, 100) };
    expect(await dying.request(FS_UPLOAD_FIRST, part)).toBe(100);
    // The trap itself, so that the test stays honest: sent again, the firmware appends.
    expect(await dying.request(FS_UPLOAD_FIRST, part)).toBe(200);
    await dying.close();
    const client = await connect();
    // Without reading back: the offset in the first answer must show it.
    await writeFile(client, '/lfs1/crt.der', CERTIFICATE, { verify: 'none' });
    expect(await readFile(client, '/lfs1/crt.der')).toEqual(new Uint8Array(CERTIFICATE));
  });

  it('reports a file system that is full, and says what is known', async () => {
    const client = await connect({ maxMessageBytes: 1020 });
    const failure = writeFile(client, '/lfs1/large', Buffer.alloc(20_000, 0x5a));
    await expect(failure).rejects.toMatchObject({
      code: 'SMP_DEVICE_ERROR',
      device: { group: 8 },
      file: 'incomplete',
    });
    await writeFile(client, '/lfs1/large', Buffer.of(1));
  });

  it('names what is missing when the directory is not there and the firmware has no shell', async () => {
    const client = await connect();
    await expect(writeFile(client, '/lfs1/credentials/crt.der', CERTIFICATE)).rejects.toMatchObject({
      code: 'SMP_UNSUPPORTED',
      file: 'unchanged',
      device: { group: 8, rc: 14 },
    });
  });

  it('grows its messages after a part of a file has shown that they pass, and remembers it for the firmware', async () => {
    const limitMemory = { firmware: 'serial_fs', memory: new Map<string, FirmwareLimits>() };
    const client = await connect({ limitMemory }, 2_000_000);
    expect(client.limit.currentBytes).toBe(182);
    await writeFile(client, '/lfs1/crt.der', Buffer.alloc(3000, 7));
    expect(client.limit.currentBytes).toBe(1020);
    expect(limitMemory.memory.get('serial_fs')?.passedBytes).toBe(1020);
    const next = await (async () => {
      await client.close();
      return await connect({ limitMemory });
    })();
    expect(next.limit.currentBytes).toBe(1020);
  });

  it('takes a key and a certificate in four round trips, though nobody has said how large messages may be', async () => {
    const sent: string[] = [];
    const client = await connect({
      trace: { onEvent: ({ direction, request }) => direction === 'sent' && sent.push(request) },
    });
    await writeFile(client, '/lfs1/key.der', KEY, { secret: true });
    await writeFile(client, '/lfs1/crt.der', CERTIFICATE.subarray(0, 515));
    const file = ['last part of a file', 'file download'];
    expect(sent).toEqual(['buffer parameters', ...file, ...file]);
  });

  it('speaks protocol version 1 too', async () => {
    const client = await connect({ version: 1 });
    await writeFile(client, '/lfs1/crt.der', CERTIFICATE);
    expect(await readFile(client, '/lfs1/crt.der')).toEqual(new Uint8Array(CERTIFICATE));
    expect(await readFile(client, '/lfs1/none')).toBeUndefined();
  });
});

describe.skipIf(reason)(`files on real Zephyr, default buffers${cannotRun}`, () => {
  let server: ZephyrServer;
  let client: SmpClient;

  beforeAll(async () => {
    server = await startZephyr('serial');
    client = new SmpClient(await openSerialLink({ path: server.path }), { maxMessageBytes: 380 });
    await client.connect();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it('finds out that five lines in one burst are too many, and writes the file all the same', async () => {
    expect(client.limit.currentBytes).toBe(380);
    await writeFile(client, '/lfs1/crt.der', CERTIFICATE);
    expect(client.limit.currentBytes).toBe(182);
    expect(await readFile(client, '/lfs1/crt.der')).toEqual(new Uint8Array(CERTIFICATE));
  });

  it('finds that out by itself, and keeps to it on the next boards', async () => {
    const limitMemory = { firmware: 'serial', memory: new Map<string, FirmwareLimits>() };
    const largest: number[] = [];
    await client.close();
    for (let board = 0; board < 3; board++) {
      const sizes: number[] = [];
      client = new SmpClient(await openSerialLink({ path: server.path }), {
        limitMemory,
        trace: { onEvent: ({ direction, messageBytes }) => direction === 'sent' && sizes.push(messageBytes) },
      });
      await client.connect();
      await writeFile(client, '/lfs1/crt.der', CERTIFICATE);
      largest.push(Math.max(...sizes));
      if (board < 2) await client.close();
    }
    expect(largest).toEqual([380, 380, 182]);
    expect(await readFile(client, '/lfs1/crt.der')).toEqual(new Uint8Array(CERTIFICATE));
  });

  it('runs shell commands', async () => {
    expect(await exec(client, ['kernel', 'version'])).toEqual({ output: '\nZephyr version 4.4.0\n', ret: 0 });
    const unknown = await exec(client, ['nonsense']);
    expect(unknown.ret).not.toBe(0);
  });

  it('tells its groups', async () => {
    expect(await client.request(ENUMERATION_LIST, undefined)).toEqual([10, 8, 0, 3, 9, 2, 63]);
    expect(await client.request(ENUMERATION_DETAILS, undefined)).toContainEqual({
      group: 8,
      name: 'fs mgmt',
      handlers: 5,
    });
  });

  it('answers about settings, images and bootloader, or says that it has none', async () => {
    const name = 'none/x';
    await expect(client.request(SETTINGS_READ, { name })).rejects.toMatchObject({
      device: { group: 3, name: 'ROOT_KEY_NOT_FOUND' },
    });
    for (const request of [IMAGE_STATE, OS_BOOTLOADER]) {
      await expect(client.ask(request as SmpRequest<void, unknown>, undefined)).resolves.toMatchObject({
        ok: false,
        device: { name: 'ENOTSUP' },
      });
    }
  });

  it('removes old content when the new content is empty, or says why it cannot', async () => {
    await expect(writeFile(client, '/lfs1/crt.der', new Uint8Array())).rejects.toMatchObject({
      code: 'SMP_UNSUPPORTED',
      file: 'unchanged',
      message: expect.stringContaining('CONFIG_FILE_SYSTEM_SHELL') as string,
    });
    await writeFile(client, '/lfs1/new', new Uint8Array());
    expect(await readFile(client, '/lfs1/new')).toEqual(new Uint8Array());
  });
});

import { describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import { hashFile } from '../../../smp/files/hash-file.ts';
import { readHardwareId } from '../../../smp/hardware-id.ts';
import { IMAGE_STATE } from '../../../smp/requests/image-requests.ts';
import { listDirectory } from '../../../smp/files/list-directory.ts';
import { OS_BOOTLOADER } from '../../../smp/requests/os-requests.ts';
import { SETTINGS_READ } from '../../../smp/requests/settings-requests.ts';
import { consoleLines, parseRequestFrame, replyMessage } from '../client/board-frames.ts';
import type { BoardRequest } from '../client/board-frames.ts';
import { FileBoard } from '../files/file-board.ts';
import { MemoryLink } from '../client/memory-link.ts';

/** A client whose board answers every request with these bytes, written by hand. */
function clientOf(body: string): { client: SmpClient; requests: BoardRequest[] } {
  const link = new MemoryLink();
  const requests: BoardRequest[] = [];
  link.onWrite = (bytes) => {
    const request = parseRequestFrame(bytes);
    requests.push(request);
    link.receive(consoleLines(replyMessage(request, Buffer.from(body.replaceAll(' ', ''), 'hex'))));
  };
  return { client: new SmpClient(link), requests };
}

describe('requests and their replies, byte by byte', () => {
  it('image state, as quoted in AuTerm#45', async () => {
    const hash = 'bb90f03a82aad2db2e066a8da3713bea0795628b80605e22a1f050a0a5433d83';
    const { client } = clientOf(
      `bf 66696d61676573 9f bf 65696d616765 00 64736c6f74 00 6776657273696f6e 65302e302e30 6468617368 5820 ${hash}
       68626f6f7461626c65 f5 6770656e64696e67 f4 69636f6e6669726d6564 f5 66616374697665 f5 697065726d616e656e74 f4 ff ff ff`.replaceAll(
        '\n',
        '',
      ),
    );
    expect(await client.request(IMAGE_STATE, undefined)).toEqual([
      {
        image: 0,
        slot: 0,
        version: '0.0.0',
        hash: new Uint8Array(Buffer.from(hash, 'hex')),
        active: true,
        confirmed: true,
      },
    ]);
  });

  it('bootloader', async () => {
    const { client, requests } = clientOf('bf 6a626f6f746c6f61646572 674d4355626f6f74 ff');
    expect(await client.request(OS_BOOTLOADER, undefined)).toBe('MCUboot');
    expect(requests[0]).toMatchObject({ op: 0, group: 0, id: 8, body: {} });
  });

  it('a setting', async () => {
    const { client, requests } = clientOf('bf 6376616c 43010203 ff');
    expect(await client.request(SETTINGS_READ, { name: 'a/b' })).toEqual(Uint8Array.of(1, 2, 3));
    expect(requests[0]).toMatchObject({ op: 0, group: 3, id: 0, body: { name: 'a/b' } });
  });

  it('a directory, whole and cut', async () => {
    const whole = 'a.der\nsub/\n';
    const hexOf = (text: string): string => Buffer.from(text).toString('hex');
    const listed = clientOf(`bf 616f 6b${hexOf(whole)} 63726574 00 ff`);
    expect(await listDirectory(listed.client, '/lfs1')).toEqual({
      entries: [
        { name: 'a.der', isDirectory: false },
        { name: 'sub', isDirectory: true },
      ],
      isWhole: true,
    });
    const cut = clientOf(`bf 616f 69${hexOf('a.der\nsub')} 63726574 00 ff`);
    expect(await listDirectory(cut.client, '/lfs1')).toEqual({
      entries: [{ name: 'a.der', isDirectory: false }],
      isWhole: false,
    });
  });

  it('a directory that is not there, as Zephyr prints it', async () => {
    const printed = Buffer.from('Unable to open /lfs1/none (err -2)\n');
    const text = `78${printed.length.toString(16)}${printed.toString('hex')}`;
    expect(
      await listDirectory(clientOf(`bf 616f ${text} 63726574 27 ff`).client, '/lfs1/none'),
    ).toBeUndefined();
  });
});

describe('hashFile on firmware without hashes', () => {
  it('reads the file and hashes what it read', async () => {
    const board = new FileBoard();
    board.files.set('/lfs1/a', Buffer.from('abc'));
    const client = new SmpClient(board.link);
    expect(await hashFile(client, '/lfs1/a', 'sha256')).toEqual({
      hash: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      length: 3,
      by: 'reading',
    });
    expect(await hashFile(client, '/lfs1/a', 'crc32')).toMatchObject({ hash: '352441c2' });
    expect(await hashFile(client, '/lfs1/none', 'crc32')).toBeUndefined();
  });
});

describe('readHardwareId by other ways', () => {
  it('goes on to the next way when the board does not know one', async () => {
    const board = new FileBoard();
    board.has.shell = false;
    board.files.set('/lfs1/id', Buffer.from('ABC-123\n'));
    const client = new SmpClient(board.link);
    const ways = ['devid', 'deveui64', { info: 'h' }, { file: '/lfs1/none' }, { file: '/lfs1/id' }] as const;
    expect(await readHardwareId(client, { ways })).toBe('abc-123');
  });

  it('shows bytes as hex', async () => {
    const board = new FileBoard();
    board.files.set('/lfs1/id', Buffer.of(0, 1, 254));
    expect(await readHardwareId(new SmpClient(board.link), { ways: [{ file: '/lfs1/id' }] })).toBe('0001fe');
  });

  it('does not take silence for an answer', async () => {
    const client = new SmpClient(new MemoryLink());
    const failure = readHardwareId(client, {
      deadlineMs: performance.now() + 30,
      ways: ['devid', { info: 'h' }],
    });
    await expect(failure).rejects.toMatchObject({ code: 'SMP_TIMEOUT' });
  });
});

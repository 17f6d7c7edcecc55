import { describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import { closeFile } from '../../../smp/files/close-file.ts';
import { fileSize } from '../../../smp/files/file-size.ts';
import { readFile } from '../../../smp/files/read-file.ts';
import { writeFile } from '../../../smp/files/write-file.ts';
import type { WriteFileOptions } from '../../../smp/files/write-file.ts';
import { FileBoard } from './file-board.ts';

const PATH = '/lfs1/credentials/crt.der';
const CERTIFICATE = Buffer.from(Array.from({ length: 600 }, (_, index) => (index * 37) & 255));

function boardWithDirectory(): FileBoard {
  const board = new FileBoard();
  board.directories.add('/lfs1/credentials');
  return board;
}

async function write(board: FileBoard, bytes: Uint8Array, options?: WriteFileOptions): Promise<SmpClient> {
  const client = new SmpClient(board.link);
  await writeFile(client, PATH, bytes, options);
  return client;
}

const commands = (board: FileBoard): string[] =>
  board.requests.map(({ op, group, id, body }) =>
    `${group}/${id}/${op} ${(body['off'] as number | undefined) ?? ''}`.trim(),
  );

describe('writeFile', () => {
  it('sends exact offsets in parts that fit two lines, and reads back', async () => {
    const board = boardWithDirectory();
    await write(board, CERTIFICATE);
    expect(board.files.get(PATH)).toEqual(CERTIFICATE);
    const uploads = ['8/0/2 0', '8/0/2 122', '8/0/2 250', '8/0/2 378', '8/0/2 505'];
    expect(commands(board)).toEqual([...uploads, '8/0/0 0', '8/0/0 340']);
    expect(Math.max(...board.requests.map((request) => request.messageBytes))).toBe(182);
  });

  it('sends 319 + 281 bytes where messages of 380 bytes are known to pass', async () => {
    const board = boardWithDirectory();
    const client = new SmpClient(board.link, { maxMessageBytes: 380 });
    await writeFile(client, PATH, CERTIFICATE, { verify: 'none' });
    expect(
      board.requests.map(({ body }) => [body['off'], body['len'], (body['data'] as Buffer).length]),
    ).toEqual([
      [0, 600, 319],
      [319, undefined, 281],
    ]);
    expect(board.requests.map((request) => request.messageBytes)).toEqual([380, 337]);
  });

  it('does not ask again what it knows: after a read or a finished write nothing is open', async () => {
    const board = boardWithDirectory();
    const client = new SmpClient(board.link);
    expect(await readFile(client, PATH)).toBeUndefined();
    await writeFile(client, PATH, CERTIFICATE.subarray(0, 100), { verify: 'none' });
    await writeFile(client, '/lfs1/key.der', CERTIFICATE.subarray(0, 100), { verify: 'none' });
    expect(commands(board)).toEqual(['8/0/0 0', '8/0/2 0', '8/0/2 0']);
  });

  it('replaces longer content', async () => {
    const board = boardWithDirectory();
    board.files.set(PATH, Buffer.alloc(2000, 1));
    await write(board, CERTIFICATE);
    expect(board.files.get(PATH)).toEqual(CERTIFICATE);
  });

  it.each([600, 100])(
    'is not caught by the upload that a client before it left open, with %i bytes',
    async (length) => {
      const board = boardWithDirectory();
      const aborted = new AbortController();
      const first = new SmpClient(board.link);
      const onProgress = (): void => {
        aborted.abort();
        void first.close(); // a crash: nothing cleans up
      };
      await expect(
        writeFile(first, PATH, CERTIFICATE, { signal: aborted.signal, onProgress }),
      ).rejects.toThrow();
      board.link.closed = false;
      // Without reading back: the offset in the first answer must show it.
      await write(board, CERTIFICATE.subarray(0, length), { verify: 'none' });
      expect(board.files.get(PATH)).toEqual(CERTIFICATE.subarray(0, length));
    },
  );

  it('makes the board close before it sends a first part again', async () => {
    const board = boardWithDirectory();
    board.faults.set(1, () => undefined);
    await write(board, CERTIFICATE.subarray(0, 200), { verify: 'none' });
    expect(commands(board)).toEqual(['8/0/2 0', '8/4/2', '8/0/2 0', '8/0/2 123']);
  });

  it('goes on where the board is when only the answer to a part was lost, and closes at the end', async () => {
    const board = boardWithDirectory();
    board.faults.set(3, () => undefined);
    await write(board, CERTIFICATE.subarray(0, 300), { verify: 'none' });
    expect(commands(board)).toEqual(['8/0/2 0', '8/0/2 122', '8/0/2 122', '8/0/2 250', '8/4/2']);
    expect(board.files.get(PATH)).toEqual(CERTIFICATE.subarray(0, 300));
  });

  it('reports progress in bytes', async () => {
    const board = boardWithDirectory();
    const seen: [number, number][] = [];
    await write(board, CERTIFICATE, { onProgress: (done, total) => seen.push([done, total]) });
    expect(seen).toEqual([122, 250, 378, 505, 600].map((done) => [done, 600]));
  });

  it('makes the missing directories, once', async () => {
    const board = new FileBoard();
    const client = new SmpClient(board.link);
    await writeFile(client, '/lfs1/a/b/c/crt.der', CERTIFICATE);
    expect([...board.directories]).toEqual(['/lfs1', '/lfs1/a', '/lfs1/a/b', '/lfs1/a/b/c']);
    expect(board.files.get('/lfs1/a/b/c/crt.der')).toEqual(CERTIFICATE);
  });

  it('names the firmware options when it cannot make the directory', async () => {
    const board = new FileBoard();
    board.has.shell = false;
    await expect(write(board, CERTIFICATE)).rejects.toMatchObject({
      code: 'SMP_UNSUPPORTED',
      file: 'unchanged',
      device: { group: 8, rc: 14 },
      message: expect.stringContaining('CONFIG_FILE_SYSTEM_SHELL') as string,
    });
  });

  it('says so when no file system is mounted', async () => {
    const client = new SmpClient(new FileBoard().link);
    await expect(writeFile(client, '/lfs2/x/a', CERTIFICATE)).rejects.toMatchObject({
      code: 'SMP_SHELL_FAILED',
      message: expect.stringContaining('no file system is mounted at /lfs2') as string,
    });
  });

  it('replaces old content by nothing', async () => {
    const board = boardWithDirectory();
    board.files.set(PATH, Buffer.from('old'));
    const client = await write(board, new Uint8Array());
    expect(board.files.get(PATH)).toEqual(Buffer.alloc(0));
    expect(board.isUploadOpen).toBe(false);
    expect(await readFile(client, PATH)).toEqual(new Uint8Array());
  });

  it('works on firmware without a close command', async () => {
    const board = boardWithDirectory();
    board.has.close = false;
    await write(board, CERTIFICATE);
    expect(board.files.get(PATH)).toEqual(CERTIFICATE);
  });

  it('works with protocol version 1, whose errors tell less', async () => {
    const board = new FileBoard();
    board.version = 1;
    board.faults.set(7, () => undefined); // the answer to the second part, after the directory was made
    const client = new SmpClient(board.link, { version: 1 });
    await writeFile(client, PATH, CERTIFICATE);
    expect(board.files.get(PATH)).toEqual(CERTIFICATE);
    expect(board.requests.every((request) => request.version === 0)).toBe(true);
    expect(await readFile(client, '/lfs1/none')).toBeUndefined();
  });

  it.each(['silent', 'reported'] as const)('notices a close that fails: %s', async (closeFailure) => {
    const board = boardWithDirectory();
    board.closeFailure = closeFailure;
    const code = closeFailure === 'silent' ? 'SMP_READ_BACK_DIFFERS' : 'SMP_DEVICE_ERROR';
    await expect(write(board, CERTIFICATE)).rejects.toMatchObject({ code });
  });

  it("reports a full file system as the board's own error", async () => {
    const board = boardWithDirectory();
    board.writeFailure = true;
    await expect(write(board, CERTIFICATE)).rejects.toMatchObject({
      code: 'SMP_DEVICE_ERROR',
      device: { group: 8, rc: 10, name: 'FILE_WRITE_FAILED' },
    });
  });

  it('sends smaller parts to a board that loses long bursts, and remembers', async () => {
    const board = boardWithDirectory();
    board.maxBurstLines = 2;
    const client = new SmpClient(board.link, { maxMessageBytes: 380 });
    await writeFile(client, PATH, CERTIFICATE);
    expect(board.files.get(PATH)).toEqual(CERTIFICATE);
    expect(client.limit.currentBytes).toBe(182);
  });

  it('starts afresh when the board was reset in the middle', async () => {
    const board = boardWithDirectory();
    board.faults.set(6, (frame) => {
      board.reset();
      return [frame];
    });
    await write(board, CERTIFICATE);
    expect(board.files.get(PATH)).toEqual(CERTIFICATE);
  });

  it('leaves nothing open on the board when it is cancelled', async () => {
    const board = boardWithDirectory();
    const abort = new AbortController();
    const failure = write(board, CERTIFICATE, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(failure).rejects.toMatchObject({ code: 'SMP_CANCELLED', file: 'incomplete' });
    expect(board.isUploadOpen).toBe(false);
  });

  it('gives up at the deadline', async () => {
    const board = boardWithDirectory();
    for (let frame = 4; frame < 200; frame++) board.faults.set(frame, () => undefined);
    const failure = write(board, CERTIFICATE, { deadlineMs: performance.now() + 400 });
    await expect(failure).rejects.toMatchObject({ code: 'SMP_TIMEOUT' });
  });

  it('lets transfers on one client take turns', async () => {
    const board = boardWithDirectory();
    const client = new SmpClient(board.link);
    const other = CERTIFICATE.toReversed();
    const names = ['/lfs1/a', '/lfs1/b', '/lfs1/c'];
    await Promise.all(names.map((name, index) => writeFile(client, name, index === 1 ? other : CERTIFICATE)));
    expect(names.map((name) => board.files.get(name))).toEqual([
      CERTIFICATE,
      Buffer.from(other),
      CERTIFICATE,
    ]);
  });

  it.each(['relative', '/', `/${'x'.repeat(64)}`])(
    'refuses the path %j before it sends anything',
    async (path) => {
      const board = new FileBoard();
      const failure = writeFile(new SmpClient(board.link), path, CERTIFICATE);
      await expect(failure).rejects.toMatchObject({ code: 'SMP_INVALID_ARGUMENT' });
      expect(board.frameCount).toBe(0);
    },
  );
});

describe('readFile', () => {
  it("reads in the board's parts, into a buffer of its own", async () => {
    const board = boardWithDirectory();
    board.files.set(PATH, CERTIFICATE);
    const client = new SmpClient(board.link);
    const seen: number[] = [];
    const content = await readFile(client, PATH, { onProgress: (done) => seen.push(done) });
    expect(content).toEqual(new Uint8Array(CERTIFICATE));
    expect(content?.buffer.byteLength).toBe(600);
    expect(seen).toEqual([340, 600]);
  });

  it('refuses a file larger than expected', async () => {
    const board = boardWithDirectory();
    board.files.set(PATH, CERTIFICATE);
    const failure = readFile(new SmpClient(board.link), PATH, { maxBytes: 599 });
    await expect(failure).rejects.toMatchObject({ code: 'SMP_FILE_TOO_LARGE' });
    expect(await readFile(new SmpClient(board.link), PATH, { maxBytes: 600 })).toHaveLength(600);
  });

  it.each([
    ['once: it reads again', 1],
    ['again: it gives up', 2],
  ])('notices a file that shrinks meanwhile; %s', async (_, times) => {
    const board = boardWithDirectory();
    board.files.set(PATH, CERTIFICATE);
    const resize = (frame: number, length: number): void => {
      board.faults.set(frame, (bytes) => {
        board.files.set(PATH, CERTIFICATE.subarray(0, length));
        return [bytes];
      });
    };
    // Frames 0 and 1 are the first part, 2 and 3 the second, 4 begins afresh.
    resize(2, 340);
    if (times === 2) resize(4, 600);
    if (times === 2) resize(6, 340);
    const content = readFile(new SmpClient(board.link), PATH);
    if (times === 1) expect(await content).toHaveLength(340);
    else await expect(content).rejects.toMatchObject({ code: 'SMP_OFFSET_MISMATCH' });
  });
});

describe('fileSize and closeFile', () => {
  it('tell the committed size', async () => {
    const board = boardWithDirectory();
    const client = new SmpClient(board.link);
    expect(await fileSize(client, PATH)).toBeUndefined();
    board.files.set(PATH, CERTIFICATE);
    expect(await fileSize(client, PATH)).toBe(600);
    await closeFile(client, PATH);
  });
});

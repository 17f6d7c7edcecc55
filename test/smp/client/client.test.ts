import { afterEach, describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import type { SmpClientOptions } from '../../../smp/client/client.ts';
import { FS_CLOSE, FS_DOWNLOAD, FS_STATUS, FS_UPLOAD_LAST } from '../../../smp/requests/fs-requests.ts';
import { OS_RESET } from '../../../smp/requests/os-requests.ts';
import type { TraceEvent } from '../../../smp/client/tracer.ts';
import { cborMap, consoleLines, parseRequestFrame, replyMessage } from './board-frames.ts';
import type { BoardRequest } from './board-frames.ts';
import { MemoryLink } from './memory-link.ts';
import { echo } from './echo.ts';
import { exec } from '../../../smp/shell/exec.ts';

const PARAMS_REQUEST = '\u0006\u0009AAsIAAABAABCBqAA3g==\n';
const PARAMS_REPLY = '\u0006\u0009ACMJAAAZAABCBr9oYnVmX3NpemUZAYBpYnVmX2NvdW50BP9chg==\n';

const clients: SmpClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

function open(options: SmpClientOptions = {}): { link: MemoryLink; client: SmpClient } {
  const link = new MemoryLink();
  const client = new SmpClient(link, options);
  clients.push(client);
  return { link, client };
}

function frame(request: BoardRequest, body: Record<string, unknown>): string {
  return consoleLines(replyMessage(request, cborMap(body)));
}

/** Answers every request with what the function returns, `undefined` for silence. */
function answer(link: MemoryLink, reply: (request: BoardRequest, count: number) => string | undefined): void {
  let count = 0;
  link.onWrite = (bytes) => {
    if (bytes.toString() === '\n') return;
    const received = reply(parseRequestFrame(bytes), count++);
    if (received !== undefined) link.receive(received);
  };
}

describe('connect', () => {
  it('sends a lone newline and the golden request, and takes the golden reply', async () => {
    const { link, client } = open({ firstSequence: 0x42 });
    link.onWrite = (bytes) => {
      if (bytes.length > 1) link.receive(PARAMS_REPLY);
    };
    await client.connect();
    expect(Buffer.concat(link.written).toString('latin1')).toBe(`\n${PARAMS_REQUEST}`);
    expect(client.limit.ceilingBytes).toBe(380);
    expect(client.limit.currentBytes).toBe(182);
  });

  it('takes the refusal of firmware without an os group as proof of a server, and stays at two lines', async () => {
    const { link, client } = open();
    answer(link, (request) => frame(request, { rc: 8 }));
    await client.connect();
    expect(client.limit.ceilingBytes).toBe(182);
  });

  it.each([
    [2, 13],
    [1, 12],
  ] as const)(
    'changes from protocol version %i when the board refuses it with rc %i',
    async (version, rc) => {
      const { link, client } = open({ version });
      const seen: number[] = [];
      answer(link, (request) => {
        seen.push(request.version + 1);
        return frame(request, request.version + 1 === version ? { rc } : { rc: 8 });
      });
      await client.connect();
      expect(seen).toEqual([version, 3 - version]);
    },
  );

  it('tries again while the board boots', async () => {
    const { link, client } = open();
    answer(link, (request, count) => (count < 2 ? '*** Booting ***\r\n' : frame(request, { rc: 8 })));
    await client.connect({ budgetMs: 5_000 });
    expect(link.written.filter((bytes) => bytes.toString() === '\n')).toHaveLength(3);
  });

  it.each([
    ['SMP_TIMEOUT', ''],
    ['SMP_NOISE_ONLY', 'login: \n'],
    ['SMP_CRC', PARAMS_REPLY.replace('BP9chg', 'BP9chQ')],
    ['SMP_SHORT_FRAME', PARAMS_REPLY.replace('ACMJ', 'ACAJ')],
    ['SMP_SHORT_FRAME', consoleLines(Buffer.from('0900001900004206bfff', 'hex'))],
  ])('ends with %s when all that comes is %j', async (code, received) => {
    const { link, client } = open();
    answer(link, () => received);
    await expect(client.connect({ budgetMs: 300 })).rejects.toMatchObject({ name: 'SmpError', code });
  });

  it('ends with SMP_WRONG_COMMAND when the answer belongs to another command', async () => {
    const { link, client } = open();
    answer(link, (request) => frame({ ...request, id: 7 }, {}));
    await expect(client.connect({ budgetMs: 300 })).rejects.toMatchObject({ code: 'SMP_WRONG_COMMAND' });
  });

  it('is not fooled by a line that returns what is sent', async () => {
    const { link, client } = open();
    link.onWrite = (bytes) => link.receive(bytes);
    await expect(client.connect({ budgetMs: 300 })).rejects.toMatchObject({ code: 'SMP_WRONG_COMMAND' });
  });
});

describe('requests', () => {
  it('uses every sequence number, 255 and 0 included', async () => {
    const { link, client } = open();
    const seen = new Set<number>();
    answer(link, (request) => {
      seen.add(request.sequence);
      return frame(request, { r: request.body['d'] });
    });
    for (let count = 0; count < 256; count++) await echo(client, 'x');
    expect(seen.size).toBe(256);
  });

  it('drops answers to earlier requests and a repeated answer, and counts them', async () => {
    const { link, client } = open();
    answer(link, (request) => {
      const earlier = frame({ ...request, sequence: (request.sequence + 200) & 255 }, { r: 'stale' });
      const right = frame(request, { r: request.body['d'] });
      return earlier + right + right;
    });
    expect(await echo(client, 'one')).toBe('one');
    expect(await echo(client, 'two')).toBe('two');
    expect(client.statistics).toMatchObject({ messages: 6, stray: 4, damaged: 0 });
  });

  it('repeats a harmless request when its answer is lost or damaged', async () => {
    const { link, client } = open();
    answer(link, (request, count) => {
      if (count === 0) return undefined;
      const right = frame(request, { r: 'back' });
      return count === 1 ? right.replace('AA', 'AB') : right;
    });
    expect(await echo(client, 'x')).toBe('back');
    const newlines = link.written.filter((bytes) => bytes.toString() === '\n');
    expect([newlines.length, link.written.length]).toEqual([2, 5]);
  });

  it('never sends a shell command twice unless told that it may', async () => {
    const { link, client } = open();
    answer(link, () => undefined);
    const deadlineMs = performance.now() + 300;
    await expect(exec(client, ['erase'], { deadlineMs })).rejects.toMatchObject({ code: 'SMP_TIMEOUT' });
    expect(link.written).toHaveLength(1);
  });

  it('sends one request at a time', async () => {
    const { link, client } = open();
    let inFlight = 0;
    link.onWrite = (bytes) => {
      inFlight++;
      expect(inFlight).toBe(1);
      const request = parseRequestFrame(bytes);
      setTimeout(() => {
        inFlight--;
        link.receive(frame(request, { r: request.body['d'] }));
      }, 1);
    };
    const words = ['a', 'b', 'c', 'd', 'e'];
    expect(await Promise.all(words.map((word) => echo(client, word)))).toEqual(words);
  });

  it.each([
    [
      'version 2',
      { err: { group: 8, rc: 4 } },
      'SMP_DEVICE_ERROR',
      { group: 8, rc: 4, name: 'FILE_IS_DIRECTORY' },
    ],
    ['version 1', { rc: 5 }, 'SMP_DEVICE_ERROR', { group: undefined, rc: 5, name: 'ENOENT' }],
    ['a missing command', { rc: 8 }, 'SMP_UNSUPPORTED', { rc: 8, name: 'ENOTSUP' }],
    ['with a reason', { rc: 1, rsn: 'no heap' }, 'SMP_DEVICE_ERROR', { rc: 1, reason: 'no heap' }],
    ['of an application group', { err: { group: 66, rc: 300 } }, 'SMP_DEVICE_ERROR', { group: 66, rc: 300 }],
  ])('turns a refusal into a typed error: %s', async (_, body, code, device) => {
    const { link, client } = open();
    answer(link, (request) => frame(request, body));
    const failure = client.request(FS_STATUS, { path: '/lfs1/a' });
    await expect(failure).rejects.toMatchObject({ code, device });
  });

  it('takes rc 0 of older firmware for success', async () => {
    const { link, client } = open();
    answer(link, (request) => frame(request, { rc: 0, r: 'old' }));
    expect(await echo(client, 'x')).toBe('old');
  });

  it.each([{ r: 5 }, {}, { x: 'y' }])('reports a reply of the wrong shape: %j', async (body) => {
    const { link, client } = open();
    answer(link, (request) => frame(request, body));
    await expect(echo(client, 'x')).rejects.toMatchObject({ code: 'SMP_MALFORMED_REPLY' });
    expect(link.written).toHaveLength(1);
  });

  it.each([-1, -22, -2_147_483_648])('takes an rc below zero for a failure: %i', async (rc) => {
    const { link, client } = open();
    answer(link, (request) => frame(request, { rc }));
    for (const ask of [
      (): Promise<unknown> => client.request(OS_RESET, { force: false }),
      (): Promise<unknown> => client.request(FS_CLOSE, undefined),
    ]) {
      await expect(ask()).rejects.toMatchObject({
        code: 'SMP_DEVICE_ERROR',
        device: { group: undefined, rc },
      });
    }
  });

  it.each([
    { rc: 'fail' },
    { rc: Buffer.from('x') },
    { rc: {} },
    { rc: [0] },
    { err: {} },
    { err: 'fail' },
    { err: { group: 8 } },
    { err: { group: 8, rc: 'x' } },
    { err: { group: 8, rc: 0 } },
    { err: { rc: -5 } },
  ])('takes no malformed code for a success: %j', async (body) => {
    const { link, client } = open();
    answer(link, (request) => frame(request, body));
    for (const ask of [
      (): Promise<unknown> => client.request(OS_RESET, { force: false }),
      (): Promise<unknown> => client.request(FS_CLOSE, undefined),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'SMP_MALFORMED_REPLY' });
    }
  });

  it.each([{ o: 'text' }, { o: 'text', ret: 'x' }, { o: 'text', rc: {} }])(
    'takes no shell answer without a number for a success: %j',
    async (body) => {
      const { link, client } = open();
      answer(link, (request) => frame(request, body));
      await expect(exec(client, ['x'])).rejects.toMatchObject({ code: 'SMP_MALFORMED_REPLY' });
    },
  );

  it('reports a reply that is not CBOR', async () => {
    const { link, client } = open();
    answer(link, (request) => consoleLines(replyMessage(request, Buffer.from('bf61', 'hex'))));
    await expect(echo(client, 'x')).rejects.toMatchObject({ code: 'SMP_MALFORMED_REPLY' });
  });

  it('takes both spellings of a shell result and strips colours', async () => {
    const { link, client } = open();
    answer(link, (request, count) =>
      frame(request, { o: '\u001b[1;32mok\u001b[0m\r\n', [count === 0 ? 'ret' : 'rc']: -8 }),
    );
    expect(await exec(client, ['x'])).toEqual({ output: 'ok\n', ret: -8 });
    expect(await exec(client, ['x'])).toEqual({ output: 'ok\n', ret: -8 });
  });

  it("refuses a message that cannot fit the board's buffer without sending it", async () => {
    const { link, client } = open();
    await expect(echo(client, 'x'.repeat(200))).rejects.toMatchObject({ code: 'SMP_TOO_LARGE' });
    expect(link.written).toHaveLength(0);
  });
});

describe('text between frames', () => {
  it('arrives line by line without colours, whatever the cutting', async () => {
    const lines: string[] = [];
    const { link, client } = open({ onText: (line) => lines.push(line) });
    answer(link, (request) => `\u001b[0m<inf> app: hel${frame(request, { r: 'x' })}`);
    await echo(client, 'x');
    link.receive('lo\r\n\r\nsecond\nthi');
    link.receive('rd\n');
    expect(lines).toEqual(['<inf> app: hello', 'second', 'third']);
  });

  it('is held back while a secret file passes, until the next clean answer', async () => {
    const lines: string[] = [];
    const { link, client } = open({ onText: (line) => lines.push(line) });
    answer(link, (request) => `before\n${frame(request, { len: 1 })}`);
    await client.request(FS_STATUS, { path: '/a' }, { secret: true });
    link.receive('tail of a broken frame\n');
    await client.request(FS_STATUS, { path: '/a' });
    link.receive('after\n');
    expect(lines).toEqual(['after']);
  });
});

describe('tracing', () => {
  const key = Buffer.from('key material');

  async function trace(withContent: boolean, secret: boolean): Promise<TraceEvent[]> {
    const events: TraceEvent[] = [];
    const { link, client } = open({ trace: { withContent, onEvent: (event) => events.push(event) } });
    answer(link, (request) =>
      frame(request, request.op === 2 ? { off: key.length } : { off: 0, data: key, len: key.length }),
    );
    const part = { path: '/lfs1/key.der', offset: 0, total: key.length, bytes: key };
    await client.request(FS_UPLOAD_LAST, part, { secret });
    await client.request(FS_DOWNLOAD, { path: '/lfs1/key.der', offset: 0 }, { secret });
    return events;
  }

  it('tells what passes, without content', async () => {
    const events = await trace(false, false);
    expect(events.map(({ direction, request }) => `${direction} ${request}`)).toEqual([
      'sent last part of a file',
      'received last part of a file',
      'sent file download',
      'received file download',
    ]);
    expect(events.every(({ content }) => content === undefined)).toBe(true);
  });

  it('shows content where asked, but never of a secret file', async () => {
    const shown = await trace(true, false);
    expect(shown.filter(({ content }) => content?.includes(key.toString('hex')))).toHaveLength(2);
    const secret = await trace(true, true);
    expect(secret.map(({ content }) => content)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('ending', () => {
  it('rejects what is pending with LINK_LOST at once when the cable is pulled', async () => {
    const { link, client } = open();
    const failures = [echo(client, 'a'), echo(client, 'b'), exec(client, ['c'])];
    queueMicrotask(() => link.unplug(new Error('disconnected')));
    for (const failure of failures) await expect(failure).rejects.toMatchObject({ code: 'LINK_LOST' });
    await expect(echo(client, 'later')).rejects.toMatchObject({ code: 'LINK_LOST' });
  });

  it('reports a write that fails as LINK_LOST with its cause', async () => {
    const { link, client } = open();
    link.writeFailure = new Error('EIO');
    await expect(echo(client, 'a')).rejects.toMatchObject({ code: 'LINK_LOST', cause: link.writeFailure });
  });

  it('rejects what is pending with SMP_CLOSED on close, and leaves no listener', async () => {
    const { link, client } = open();
    const failure = echo(client, 'a').catch((error: unknown) => error);
    await client.close();
    await client.close();
    expect(await failure).toMatchObject({ code: 'SMP_CLOSED' });
    expect(link.closed).toBe(true);
    expect(link.listenerCount).toBe(0);
  });

  it('ends a request by its signal, and the next one works', async () => {
    const { link, client } = open();
    const abort = new AbortController();
    answer(link, (request, count) => {
      if (count === 0) abort.abort();
      return count === 0 ? undefined : frame(request, { r: 'fine' });
    });
    await expect(echo(client, 'a', { signal: abort.signal })).rejects.toMatchObject({
      code: 'SMP_CANCELLED',
    });
    await expect(echo(client, 'a', { signal: abort.signal })).rejects.toMatchObject({
      code: 'SMP_CANCELLED',
    });
    expect(await echo(client, 'b')).toBe('fine');
  });

  it('does not wait beyond the deadline', async () => {
    const { client } = open();
    const started = performance.now();
    const deadlineMs = started + 50;
    await expect(echo(client, 'a', { deadlineMs })).rejects.toMatchObject({ code: 'SMP_TIMEOUT' });
    expect(performance.now() - started).toBeGreaterThanOrEqual(40);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import type { Link } from '../../../smp/links/link.ts';
import { openSerialLink } from '../../../smp/links/serial-link.ts';
import { cborMap, consoleLines, parseRequestFrame, replyMessage } from '../client/board-frames.ts';
import { openPseudoTerminal } from '../../support/pseudo-terminal.ts';
import type { PseudoTerminal } from '../../support/pseudo-terminal.ts';
import { echo } from '../client/echo.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const resource of opened.splice(0).toReversed()) await resource.close();
});

async function openPair(): Promise<{ terminal: PseudoTerminal; link: Link }> {
  const terminal = openPseudoTerminal();
  opened.push(terminal);
  const link = await openSerialLink({ path: terminal.path });
  opened.push(link);
  return { terminal, link };
}

/** What a promise is rejected with, looked at later. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return error;
  }
}

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

describe('openSerialLink on a real pseudo-terminal', () => {
  it('passes all 256 byte values both ways', async () => {
    const { terminal, link } = await openPair();
    await link.write(ALL_BYTES);
    expect(await terminal.read(256)).toEqual(ALL_BYTES);
    const received: Buffer[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    link.onBytes((bytes) => {
      received.push(Buffer.from(bytes));
      if (Buffer.concat(received).length === 256) resolve();
    });
    terminal.write(ALL_BYTES);
    await promise;
    expect(Buffer.concat(received)).toEqual(ALL_BYTES);
  });

  it.each([{ dtr: false }, { rts: true }])('says that a port has no lines to set: %j', async (lines) => {
    const terminal = openPseudoTerminal();
    opened.push(terminal);
    const error = await rejection(openSerialLink({ path: terminal.path, ...lines }));
    expect(error).toMatchObject({
      code: 'LINK_FAILED',
      message: `${terminal.path}: DTR and RTS cannot be set: this port has no such lines, so leave them out`,
    });
    const again = await openSerialLink({ path: terminal.path }); // the failed opening has left it free
    opened.push(again);
  });

  it('wipes what was received after the listeners have seen it', async () => {
    const { terminal, link } = await openPair();
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    link.onBytes((bytes) => resolve(bytes));
    terminal.write(Buffer.from('secret'));
    const bytes = await promise;
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('drops what was received before it was opened', async () => {
    const terminal = openPseudoTerminal();
    opened.push(terminal);
    const first = await openSerialLink({ path: terminal.path });
    await first.close();
    terminal.write(Buffer.from('stale'));
    const link = await openSerialLink({ path: terminal.path });
    opened.push(link);
    const { promise, resolve } = Promise.withResolvers<string>();
    link.onBytes((bytes) => resolve(Buffer.from(bytes).toString()));
    terminal.write(Buffer.from('fresh'));
    expect(await promise).toBe('fresh');
  });

  it('is exclusive: a second opening is refused until the first is closed', async () => {
    const { terminal, link } = await openPair();
    await expect(openSerialLink({ path: terminal.path })).rejects.toMatchObject({ code: 'LINK_BUSY' });
    await link.close();
    const again = await openSerialLink({ path: terminal.path });
    await again.close();
  });

  it('names a port that does not exist', async () => {
    await expect(openSerialLink({ path: '/dev/no-such-port' })).rejects.toMatchObject({
      code: 'LINK_NOT_FOUND',
      message: expect.stringContaining('/dev/no-such-port') as string,
    });
  });

  it('refuses what is not a port', async () => {
    await expect(openSerialLink({ path: '/dev/null' })).rejects.toMatchObject({ code: 'LINK_FAILED' });
  });

  it('tells of an unplug once, with its cause, and ends what is pending', async () => {
    const { terminal, link } = await openPair();
    const causes: (Error | undefined)[] = [];
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    link.onClosed((cause) => {
      causes.push(cause);
      resolve();
    });
    const client = new SmpClient(link);
    const failure = rejection(echo(client, 'x'));
    await terminal.read(1);
    terminal.close();
    expect(await failure).toMatchObject({ code: 'LINK_LOST' });
    await closed;
    expect(causes).toHaveLength(1);
    expect(causes[0]).toBeInstanceOf(Error);
    await expect(link.write(ALL_BYTES)).rejects.toMatchObject({ code: 'LINK_LOST' });
    await link.close();
  });

  it('closes twice, without cause, and rejects later writes', async () => {
    const { link } = await openPair();
    const causes: (Error | undefined)[] = [];
    link.onClosed((cause) => causes.push(cause));
    await Promise.all([link.close(), link.close()]);
    expect(causes).toEqual([undefined]);
    await expect(link.write(ALL_BYTES)).rejects.toMatchObject({ code: 'LINK_LOST' });
  });

  it('closes while a write waits for a board that does not read', async () => {
    const { link } = await openPair();
    const failure = rejection(link.write(Buffer.alloc(1 << 20)));
    await link.close();
    expect(await failure).toMatchObject({ code: 'LINK_LOST' });
  });

  it('carries a client to a board and back', async () => {
    const { terminal, link } = await openPair();
    terminal.onBytes((bytes) => {
      const frame = bytes.subarray(bytes.indexOf(0x06));
      const request = parseRequestFrame(frame);
      terminal.write(Buffer.from(consoleLines(replyMessage(request, cborMap({ r: 'hello' }))), 'latin1'));
    });
    const client = new SmpClient(link);
    expect(await echo(client, 'x')).toBe('hello');
    await client.close();
  });
});

it('opens a port again and again without leaving anything in the event loop', async () => {
  const terminal = openPseudoTerminal();
  opened.push(terminal);
  const reopen = async (): Promise<void> => {
    const link = await openSerialLink({ path: terminal.path });
    await link.write(ALL_BYTES);
    await terminal.read(256);
    await link.close();
  };
  await reopen();
  const before = pollHandles();
  for (let times = 0; times < 20; times += 1) await reopen();
  expect(pollHandles()).toBeLessThan(before + 5);
});

/** Those of libuv, also where they wait for nothing. */
function pollHandles(): number {
  const { libuv } = process.report.getReport() as unknown as { libuv: readonly { type: string }[] };
  return libuv.filter(({ type }) => type === 'poll').length;
}

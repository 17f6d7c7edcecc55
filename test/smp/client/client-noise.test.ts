import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import { isSmpError } from '../../../smp/smp-error.ts';
import { cborMap, consoleLines, parseRequestFrame, replyMessage } from './board-frames.ts';
import type { BoardRequest } from './board-frames.ts';
import { MemoryLink } from './memory-link.ts';
import { echo } from './echo.ts';

/** One thing a noisy board may send in answer to a request. */
type Piece = (request: BoardRequest, right: string) => string;

const LOG = '\u001b[0m[00:00:01.234,000] <inf> net: link up, 100 Mbit/s\r\n';
const reply = (request: Parameters<typeof replyMessage>[0], body: Record<string, unknown>): string =>
  consoleLines(replyMessage(request, cborMap(body)));

const PIECES: Record<string, Piece> = {
  'log line': () => LOG,
  'half a log line': () => LOG.slice(0, 30),
  prompt: () => '\u001b[1;32muart:~$ \u001b[m',
  'stray marker bytes': () => '\u0006\u0004\u0009\u0014\n',
  'stray first marker': () => '\u0006\u0009',
  'stray continuation': () => '\u0004\u0014QUJD\n',
  'earlier answer': (request) => reply({ ...request, sequence: (request.sequence + 99) & 255 }, { r: 'old' }),
  'answer of another command': (request) => reply({ ...request, id: 9 }, { r: 'other' }),
  'answer to nobody': () => reply({ op: 0, version: 1, group: 9, id: 9, sequence: 9 }, {}),
  'half an answer': (_, right) => right.slice(0, right.length >> 1),
  'damaged answer': (_, right) => right.replace(/[a-z]/, '0'),
  'echo of the request': (request) => `\u0006\u0009${request.messageBytes}\n`,
  'binary rubbish': () => String.fromCharCode(...Array.from({ length: 64 }, (_, byte) => (byte * 73) & 255)),
};

const noise = fc.array(fc.constantFrom(...Object.keys(PIECES)), { maxLength: 8 });
const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 });

function receiveInPieces(link: MemoryLink, stream: string, lengths: readonly number[]): void {
  for (let at = 0, cut = 0; at < stream.length; cut++) {
    const length = lengths[cut % lengths.length] as number;
    link.receive(stream.slice(at, at + length));
    at += length;
  }
}

describe('a client on a noisy line', () => {
  it('finds the answer behind any noise, in any cutting, however often it is repeated', async () => {
    await fc.assert(
      fc.asyncProperty(noise, cuts, fc.integer({ min: 1, max: 3 }), async (before, lengths, times) => {
        const link = new MemoryLink();
        link.onWrite = (bytes) => {
          if (bytes.toString() === '\n') return;
          const request = parseRequestFrame(bytes);
          const right = reply(request, { r: request.body['d'] });
          const noisy = before.map((name) => (PIECES[name] as Piece)(request, right)).join('');
          receiveInPieces(link, `${noisy}\n${right.repeat(times)}`, lengths);
        };
        const client = new SmpClient(link);
        expect(await echo(client, 'words of some length, more than one line of them: '.repeat(2))).toContain(
          'words',
        );
        expect(await echo(client, 'b')).toBe('b');
        await client.close();
      }),
      { numRuns: 200 },
    );
  });

  it('never takes noise for the answer: it fails with a typed error', async () => {
    await fc.assert(
      fc.asyncProperty(noise, cuts, async (pieces, lengths) => {
        const link = new MemoryLink();
        link.onWrite = (bytes) => {
          if (bytes.toString() === '\n') return;
          const request = parseRequestFrame(bytes);
          const right = reply(request, { r: 'right' });
          receiveInPieces(
            link,
            pieces.map((name) => (PIECES[name] as Piece)(request, right)).join(''),
            lengths,
          );
        };
        const client = new SmpClient(link);
        const options = { attempts: 1, deadlineMs: performance.now() + 5 };
        const outcome = await echo(client, 'x', options).catch((e: unknown) => e);
        // Two halves of the right answer may be one whole: anything else is reported.
        expect(outcome === 'right' || isSmpError(outcome)).toBe(true);
        await client.close();
      }),
      { numRuns: 150 },
    );
  });
});

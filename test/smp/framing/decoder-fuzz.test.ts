import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConsoleDecoder } from '../../../smp/framing/console-decoder.ts';
import { encodeConsoleFrame } from '../../../smp/framing/console-frame.ts';
import type { FrameDecoder } from '../../../smp/framing/framing.ts';

/** Streams that were hard once, or look it; one that breaks the decoder is added here. */
const CORPUS = (
  JSON.parse(readFileSync(new URL('vectors/decoder-corpus.json', import.meta.url), 'utf8')) as {
    streams: string[];
  }
).streams.map((hex) => Buffer.from(hex, 'hex'));

const FUZZ_RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);
const LAST = Uint8Array.of(9, 0, 0, 1, 0, 0, 77, 6, 0xa0);

interface Seen {
  messages: string[];
  messageBytes: number;
  text: string;
}

function listening(): { decoder: FrameDecoder; seen: Seen } {
  const seen: Seen = { messages: [], messageBytes: 0, text: '' };
  const decoder = new ConsoleDecoder({
    message: (bytes) => {
      seen.messages.push(Buffer.from(bytes).toString('hex'));
      seen.messageBytes += bytes.length;
    },
    text: (bytes) => (seen.text += Buffer.from(bytes).toString('latin1')),
    damaged: () => undefined,
  });
  return { decoder, seen };
}

/** Feeds the stream in pieces, then a newline and a sound frame, which must be found whatever came before. */
function decode(stream: Uint8Array, piece: number): Seen {
  const { decoder, seen } = listening();
  for (let at = 0; at < stream.length; at += piece) decoder.feed(stream.subarray(at, at + piece));
  decoder.feed(Buffer.from('\n'));
  decoder.feed(encodeConsoleFrame(LAST));
  return seen;
}

function expectSound(stream: Uint8Array, pieces: readonly number[]): Seen {
  const whole = decode(stream, Math.max(1, stream.length));
  for (const piece of pieces) expect(decode(stream, piece)).toEqual(whole);
  return whole;
}

describe('the decoder, fuzzed', () => {
  it.each(CORPUS.map((stream, index) => [index, stream] as const))(
    'corpus %i: finds the next frame, in any cutting the same',
    (_, stream) => {
      const seen = expectSound(stream, [1, 2, 3, 7, 64]);
      expect(seen.messages.at(-1)).toBe(Buffer.from(LAST).toString('hex'));
      expect(seen.messageBytes + seen.text.length).toBeLessThanOrEqual(stream.length + LAST.length + 1);
    },
  );

  it('the corpus spliced and mutated', () => {
    const part = fc.record({
      stream: fc.constantFrom(...CORPUS),
      from: fc.nat(200),
      length: fc.nat(300),
      flip: fc.option(fc.tuple(fc.nat(299), fc.integer({ min: 1, max: 255 }))),
    });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), fc.integer({ min: 1, max: 40 }), (parts, piece) => {
        const stream = Buffer.concat(
          parts.map(({ stream: source, from, length, flip }) => {
            const slice = Buffer.from(source.subarray(from, from + length));
            if (flip !== null && flip[0] < slice.length)
              slice[flip[0]] = (slice[flip[0]] as number) ^ flip[1];
            return slice;
          }),
        );
        const seen = expectSound(stream, [piece]);
        expect(seen.messages.at(-1)).toBe(Buffer.from(LAST).toString('hex'));
      }),
      { numRuns: FUZZ_RUNS },
    );
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConsoleDecoder } from '../../../smp/framing/console-decoder.ts';
import { encodeConsoleFrame } from '../../../smp/framing/console-frame.ts';

interface Seen {
  messages: string[];
  text: string;
  damage: string[];
}

function decode(...pieces: (string | Uint8Array)[]): Seen {
  const seen: Seen = { messages: [], text: '', damage: [] };
  const decoder = new ConsoleDecoder({
    message: (bytes) => seen.messages.push(Buffer.from(bytes).toString('hex')),
    text: (bytes) => (seen.text += Buffer.from(bytes).toString('latin1')),
    damaged: (damage) => seen.damage.push(damage),
  });
  for (const piece of pieces) decoder.feed(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
  return seen;
}

const PARAMS_REPLY = '0900001900004206bf686275665f73697a65190180696275665f636f756e7404ff';
const PARAMS_LINE = '\u0006\u0009ACMJAAAZAABCBr9oYnVmX3NpemUZAYBpYnVmX2NvdW50BP9chg==\n';
const message = fc.uint8Array({ minLength: 8, maxLength: 600 });
/** Text as boards print it: no byte that begins a marker. */
const boardText = fc
  .string({ unit: 'binary-ascii', maxLength: 60 })
  .map((s) => s.replaceAll('\u0004', '.').replaceAll('\u0006', '.'));

describe('ConsoleDecoder', () => {
  it('decodes the golden frame', () => {
    expect(decode(PARAMS_LINE)).toEqual({ messages: [PARAMS_REPLY], text: '', damage: [] });
  });

  it('takes any cutting of any message into any line lengths, as other stacks cut them', () => {
    fc.assert(
      fc.property(message, fc.array(fc.integer({ min: 1, max: 130 }), { minLength: 1 }), (bytes, lengths) => {
        const lines = Buffer.from(encodeConsoleFrame(bytes)).toString('latin1').split('\n');
        let rest = lines.map((line) => line.slice(2)).join('');
        let stream = '';
        for (let line = 0; rest !== ''; line++) {
          const length = lengths[line % lengths.length] as number;
          stream += `${line === 0 ? '\u0006\u0009' : '\u0004\u0014'}${rest.slice(0, length)}\n`;
          rest = rest.slice(length);
        }
        expect(decode(stream).messages).toEqual([Buffer.from(bytes).toString('hex')]);
      }),
    );
  });

  it('takes any cutting of the stream into reads, and returns the text between frames unchanged', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(boardText, message), { maxLength: 4 }),
        boardText,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        (pairs, after, cuts) => {
          const parts = pairs.flatMap(([text, bytes]) => [
            Buffer.from(text, 'latin1'),
            encodeConsoleFrame(bytes),
          ]);
          const stream = Buffer.concat([...parts, Buffer.from(after, 'latin1')]);
          const reads: Uint8Array[] = [];
          for (let at = 0, cut = 0; at < stream.length; cut++) {
            const length = cuts[cut % cuts.length] as number;
            reads.push(stream.subarray(at, at + length));
            at += length;
          }
          const seen = decode(...reads);
          expect(seen.messages).toEqual(pairs.map(([, bytes]) => Buffer.from(bytes).toString('hex')));
          expect(seen.text).toBe(pairs.map(([text]) => text).join('') + after);
          expect(seen.damage).toEqual([]);
        },
      ),
    );
  });

  it('takes text between the lines of one packet', () => {
    const bytes = new Uint8Array(200).fill(7);
    const lines = Buffer.from(encodeConsoleFrame(bytes))
      .toString('latin1')
      .split(/(?<=\n)/);
    const seen = decode(lines.join('[00:00:01.000] <inf> app: connected\r\nuart:~$ '));
    expect(seen.messages).toEqual([Buffer.from(bytes).toString('hex')]);
    expect(seen.text).toContain('<inf> app: connected');
  });

  it('takes a frame glued behind text and a carriage return before the newline', () => {
    const seen = decode(`uart:~$ ${PARAMS_LINE.replace('\n', '\r\n')}done`);
    expect(seen).toEqual({ messages: [PARAMS_REPLY], text: 'uart:~$ done', damage: [] });
  });

  it('survives text inside a line: that frame is lost, the next is not', () => {
    const broken = `${PARAMS_LINE.slice(0, 20)}<inf> hello${PARAMS_LINE.slice(20)}`;
    const seen = decode(broken, PARAMS_LINE);
    expect(seen.messages).toEqual([PARAMS_REPLY]);
    expect(seen.damage).toEqual(['characters']);
  });

  it('finds a frame that begins inside a broken line', () => {
    expect(decode(PARAMS_LINE.slice(0, 20) + PARAMS_LINE).messages).toEqual([PARAMS_REPLY]);
  });

  it.each([
    ['a stray first marker', '\u0006'],
    ['a stray second marker', '\u0004'],
    ['two stray bytes', '\u0006\u0006'],
    ['an empty first line', '\u0006\u0009\n'],
    ['half a marker at the end of a line', 'abc\u0006\n'],
  ])('goes on after %s', (_, stray) => {
    expect(decode(stray, PARAMS_LINE).messages).toEqual([PARAMS_REPLY]);
  });

  it('reports a continuation without beginning as an orphan and does not show it as text', () => {
    expect(decode('\u0004\u0014AAAABBBB\n')).toEqual({ messages: [], text: '', damage: ['orphan'] });
  });

  it('reports half a packet when the next begins', () => {
    const half = Buffer.from(encodeConsoleFrame(new Uint8Array(200))).subarray(0, 127);
    expect(decode(half, PARAMS_LINE)).toEqual({ messages: [PARAMS_REPLY], text: '', damage: ['incomplete'] });
  });

  it.each([
    ['a CRC that is wrong', PARAMS_LINE.replace('BP9chg', 'BP9chQ'), 'crc'],
    ['a changed body', PARAMS_LINE.replace('AYBp', 'AYBq'), 'crc'],
    ['more bytes than the length says', PARAMS_LINE.replace('ACMJ', 'ACAJ'), 'length'],
    ['no room for a message', '\u0006\u0009AAIAAA==\n', 'length'],
    ['padding in the middle', PARAMS_LINE.replace('AAAZ', 'AA=='), 'characters'],
  ])('reports %s', (_, line, damage) => {
    expect(decode(line)).toEqual({ messages: [], text: '', damage: [damage] });
  });

  it('never takes a frame with one wrong byte for a message', () => {
    const frame = Buffer.from(PARAMS_LINE, 'latin1');
    for (let index = 0; index < frame.length; index++) {
      for (let bit = 0; bit < 8; bit++) {
        const wrong = Buffer.from(frame);
        wrong[index] = (wrong[index] as number) ^ (1 << bit);
        const { messages } = decode(wrong, '\n');
        // A changed padding bit or a line end sent as carriage return leaves the content whole.
        expect(messages.every((found) => found === PARAMS_REPLY)).toBe(true);
      }
    }
  });

  it('recovers from any noise with the next frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const seen = decode(noise, '\n', PARAMS_LINE);
        expect(seen.messages.at(-1)).toBe(PARAMS_REPLY);
      }),
      { numRuns: 500 },
    );
  });

  it('holds no more than one packet, whatever is received', () => {
    const decoder = new ConsoleDecoder({ message: () => {}, text: () => {}, damaged: () => {} });
    decoder.feed(Buffer.from('\u0006\u0009'));
    const before = process.memoryUsage().arrayBuffers;
    const endless = Buffer.alloc(65_536, 'A');
    for (let count = 0; count < 64; count++) decoder.feed(endless);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
  });
});

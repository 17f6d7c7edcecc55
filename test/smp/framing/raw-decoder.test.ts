import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import { RawDecoder } from '../../../smp/framing/raw-decoder.ts';
import { RAW_FRAMING } from '../../../smp/framing/raw-framing.ts';
import { cborMap, parseMessage, replyMessage } from '../client/board-frames.ts';
import { MemoryLink } from '../client/memory-link.ts';
import { echo } from '../client/echo.ts';

interface Seen {
  messages: string[];
  textBytes: number;
  damage: string[];
}

function decoder(): { decoder: RawDecoder; seen: Seen } {
  const seen: Seen = { messages: [], textBytes: 0, damage: [] };
  return {
    seen,
    decoder: new RawDecoder({
      message: (bytes) => seen.messages.push(Buffer.from(bytes).toString('hex')),
      text: (bytes) => (seen.textBytes += bytes.length),
      damaged: (damage) => seen.damage.push(damage),
    }),
  };
}

const REPLY = '0900001900004206bf686275665f73697a65190180696275665f636f756e7404ff';
const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex');

describe('RawDecoder', () => {
  it('cuts messages apart, however they were read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5 }), (size, times) => {
        const { decoder: raw, seen } = decoder();
        const stream = bytesOf(REPLY.repeat(times));
        for (let at = 0; at < stream.length; at += size) raw.feed(stream.subarray(at, at + size));
        expect(seen).toEqual({ messages: Array<string>(times).fill(REPLY), textBytes: 0, damage: [] });
      }),
    );
  });

  it('takes a message without a body', () => {
    const { decoder: raw, seen } = decoder();
    raw.feed(bytesOf('0b00000000084304'));
    expect(seen.messages).toEqual(['0b00000000084304']);
  });

  it('passes over what cannot be the header of a response', () => {
    const { decoder: raw, seen } = decoder();
    raw.feed(Buffer.from('*** Booting Zephyr ***\r\n'));
    raw.feed(bytesOf('09')); // half a header, which the next byte disproves
    raw.feed(bytesOf(`01${REPLY}`));
    expect(seen.messages).toEqual([REPLY]);
    expect(seen.textBytes).toBe(26);
  });

  it('forgets half a message when the request has gone unanswered', () => {
    const { decoder: raw, seen } = decoder();
    raw.feed(bytesOf(REPLY).subarray(0, 20));
    raw.unanswered();
    raw.feed(bytesOf(REPLY));
    expect(seen).toEqual({ messages: [REPLY], textBytes: 0, damage: ['incomplete'] });
  });

  it('never throws, whatever is received, and finds the next answer', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (reads) => {
        const { decoder: raw, seen } = decoder();
        for (const bytes of reads) raw.feed(bytes);
        raw.unanswered();
        raw.feed(bytesOf(REPLY));
        expect(seen.messages.at(-1)).toBe(REPLY);
      }),
    );
  });
});

describe('a client over raw UART', () => {
  it('sends nothing but the message, and takes half an answer for none', async () => {
    const link = new MemoryLink();
    let count = 0;
    link.onWrite = (bytes) => {
      const request = parseMessage(bytes);
      const reply = replyMessage(request, cborMap({ r: request.body['d'] }));
      link.receive(count++ === 0 ? reply.subarray(0, 9) : reply);
    };
    const client = new SmpClient(link, { framing: RAW_FRAMING });
    expect(await echo(client, 'hello')).toBe('hello');
    expect(link.written).toHaveLength(2);
    await client.close();
  });
});

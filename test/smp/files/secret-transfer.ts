// A child process of secrets.test.ts: writes a random key to the board behind the port, reads it back, wipes its own
// copies, and then looks for the key in all of its own memory. Prints what it found, as JSON.
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { SmpClient } from '../../../smp/client/client.ts';
import { readFile } from '../../../smp/files/read-file.ts';
import { openSerialLink } from '../../../smp/links/serial-link.ts';
import { writeFile } from '../../../smp/files/write-file.ts';

const [port = '', secrecy = 'secret'] = process.argv.slice(2);
const KEY_BYTES = 180;
const WINDOW = 18;
const MASK = 0x5a;
const PATH = '/lfs1/credentials/key.der';

/** Only ever held masked, so that the search does not find itself. */
const masked = new Uint8Array(KEY_BYTES);

async function transfer(): Promise<void> {
  const client = new SmpClient(await openSerialLink({ path: port }));
  await client.connect();
  const key = randomFillSync(new Uint8Array(KEY_BYTES));
  for (const [index, byte] of key.entries()) masked[index] = byte ^ MASK;
  const secret = secrecy === 'secret';
  await writeFile(client, PATH, key, { secret });
  key.fill(0);
  const back = await readFile(client, PATH, { secret });
  const same = back?.every((byte, index) => byte === ((masked[index] as number) ^ MASK)) === true;
  if (!same) throw new Error('the key came back wrong');
  if (secret) back?.fill(0);
  await client.close();
}

/** Patterns, masked: the bytes, and the base64 of them at the three alignments a frame may have. */
function patterns(): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let start = 0; start + WINDOW <= KEY_BYTES; start += 2 * WINDOW) {
    const window = masked.slice(start, start + WINDOW);
    found.push(window, maskedBase64(window));
    found.push(maskedBase64(window.subarray(1, 16)), maskedBase64(window.subarray(2, 17)));
  }
  return found;
}

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

function maskedBase64(window: Uint8Array): Uint8Array {
  const characters = new Uint8Array((window.length / 3) * 4);
  for (let index = 0; index < window.length; index += 3) {
    const [a, b, c] = [0, 1, 2].map((offset) => (window[index + offset] as number) ^ MASK) as [
      number,
      number,
      number,
    ];
    const sextets = [a >> 2, ((a & 3) << 4) | (b >> 4), ((b & 15) << 2) | (c >> 6), c & 63];
    for (const [offset, sextet] of sextets.entries()) {
      characters[(index / 3) * 4 + offset] = (ALPHABET[sextet] as number) ^ MASK;
    }
  }
  return characters;
}

function writableRegions(): { start: number; end: number }[] {
  return readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .map((line) => /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line))
    .filter((match) => match !== null)
    .map(([, start = '', end = '']) => ({
      start: Number.parseInt(start, 16),
      end: Number.parseInt(end, 16),
    }));
}

function searchMemory(): { searchedBytes: number; found: number } {
  const memory = openSync('/proc/self/mem', 'r');
  const piece = Buffer.alloc(1 << 20);
  const words = new Uint32Array(piece.buffer, piece.byteOffset, piece.length / 4);
  const nothing = Buffer.alloc(piece.length);
  const wanted = patterns().map((pattern) => Buffer.from(pattern));
  let searchedBytes = 0;
  let found = 0;
  for (const { start, end } of writableRegions()) {
    for (let at = start; at < end; at += piece.length - WINDOW * 2) {
      const length = readMemory(memory, piece, Math.min(piece.length, end - at), at);
      if (piece.equals(nothing)) continue; // most of what is reserved is never used
      searchedBytes += length;
      for (let index = 0; index < words.length; index++)
        words[index] = (words[index] as number) ^ (MASK * 0x01010101);
      const readPart = piece.subarray(0, length);
      found += wanted.filter((pattern) => readPart.includes(pattern)).length;
      piece.fill(0);
    }
  }
  closeSync(memory);
  return { searchedBytes, found };
}

function readMemory(memory: number, piece: Buffer, length: number, at: number): number {
  try {
    return readSync(memory, piece, 0, length, at);
  } catch {
    return 0; // a region that cannot be read (guard pages, device memory)
  }
}

await transfer();
for (let turn = 0; turn < 10; turn++) await setImmediate();
console.log(JSON.stringify(searchMemory()));

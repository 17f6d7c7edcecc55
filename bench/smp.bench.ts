// npm run bench:smp — how fast the SMP client is, beside others on the same real Zephyr, and beside the bare wire.
// Figures are medians of one run; on a shared machine only the ratios mean something.
import { execFile } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SmpClient } from '../smp/client/client.ts';
import type { Link } from '../smp/links/link.ts';
import { readFile } from '../smp/files/read-file.ts';
import { openSerialLink } from '../smp/links/serial-link.ts';
import { writeFile } from '../smp/files/write-file.ts';
import { FaultyLink } from '../test/smp/zephyr/faulty-link.ts';
import { reason, startZephyr } from '../test/smp/zephyr/zephyr-server.ts';
import { startPort } from '../test/smp/links/port-process.ts';
import { timeOurs } from './smp/ours.ts';
import { RecordingLink } from '../test/smp/client/recording-link.ts';
import type { Recording } from '../test/smp/client/recording-link.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 7);
/** Board and client are slow until they are compiled: 64 KiB are gone before that. */
const WARM_UP_ROUNDS = 15;
/** The other clients start a Python first: all of them meet a Zephyr that has finished booting. */
const SETTLE_MS = 500;
const BAUD = 115_200;
const BOARD = new URL('../test/smp/files/board-process.ts', import.meta.url);
const RELAY = new URL('../test/smp/client/paced-relay.ts', import.meta.url);
const PEERS = ['smpclient', 'mcumgr-toolkit', 'mcumgr-toolkit-default'];
const ZEPHYR_MESSAGE_BYTES = 1020;

/** Runs a program and returns what it printed. */
async function outputOf(program: string, programArguments: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, programArguments);
  return stdout.trim();
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

function show(what: string, ms: number, note = ''): void {
  console.log(`  ${what.padEnd(46)} ${ms.toFixed(1).padStart(8)} ms  ${note}`);
}

function ratio(value: number, reference: number): string {
  return (value / reference).toFixed(3);
}

/** On a fresh file system, since four blocks leave no room to replace anything. */
async function onZephyr(paced: boolean, work: (path: string) => Promise<number>): Promise<number> {
  const server = await startZephyr('serial_fs');
  const relay = paced ? await startPort(RELAY, server.path, String(BAUD)) : undefined;
  try {
    await setTimeout(SETTLE_MS);
    return await work(relay?.path ?? server.path);
  } finally {
    await relay?.stop();
    await server.stop();
  }
}

/** Of a certificate; `told`: our client knows from the start how large messages may be, as the others do. */
interface Pair {
  readonly certificateBytes: number;
  readonly told: boolean;
}

const PAIRS: readonly Pair[] = [
  { certificateBytes: 600, told: true },
  { certificateBytes: 515, told: true },
  { certificateBytes: 515, told: false },
];

async function besideOthers({ certificateBytes, told }: Pair): Promise<void> {
  const folder = '/lfs1';
  const python = await outputOf('sh', [fileURLToPath(new URL('smp/install-peers.sh', import.meta.url))]);
  const script = fileURLToPath(new URL('smp/peer.py', import.meta.url));
  for (const paced of [false, true]) {
    console.log(
      `\nKey 121 B and certificate ${certificateBytes} B, written and read back, Zephyr 4.4.0, ${paced ? 'paced 115200 8N1' : 'unpaced'}, message size ${told ? 'known' : 'to be found'}`,
    );
    const times = new Map<string, number[]>(['certline', ...PEERS].map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, list] of times) {
        list.push(
          await onZephyr(paced, async (path) =>
            name === 'certline'
              ? await timeOurs({
                  path,
                  folder,
                  certificateBytes,
                  ...(told && { maxMessageBytes: ZEPHYR_MESSAGE_BYTES }),
                })
              : Number(await outputOf(python, [script, name, path, String(certificateBytes)])),
          ),
        );
      }
    }
    const medians = new Map([...times].map(([name, list]) => [name, median(list)]));
    const best = Math.min(...PEERS.map((name) => medians.get(name) as number));
    for (const [name, ms] of medians)
      show(name, ms, name === 'certline' ? `ratio to the fastest other: ${ratio(ms, best)}` : '');
  }
}

async function oneLostFrame(): Promise<void> {
  console.log(
    '\nOne lost frame: certificate of 600 B in five parts, written and read back, Zephyr 4.4.0, unpaced',
  );
  const run = async (frame: number): Promise<number> =>
    await onZephyr(false, async (path) => {
      const wrap = (link: Link): Link => new FaultyLink(link, frame, 'lose');
      return await timeOurs({ path, folder: '/lfs1', maxMessageBytes: 182, withKey: false, wrap });
    });
  const clean = median(await inTurn(5, async () => await run(-1)));
  // Frames 0 and 1 are the probe of connecting; then five parts and one read, a request and an answer each.
  const lost = await inTurn(12, async (index) => (await run(index + 2)) - clean);
  show('nothing lost', clean);
  show('the cost of one lost frame, median', median(lost));
  show(
    'the cost of one lost frame, worst',
    Math.max(...lost),
    `at each frame: ${lost.map((ms) => ms.toFixed(0)).join(' ')}`,
  );
}

async function inTurn(count: number, work: (index: number) => Promise<number>): Promise<number[]> {
  const results: number[] = [];
  for (let index = 0; index < count; index++) results.push(await work(index));
  return results;
}

async function besideTheWire(): Promise<void> {
  console.log('\nThe same to a board that answers at once, default buffers (384), paced 115200 8N1');
  let wireBytes = 0;
  const times = await inTurn(ROUNDS, async () => {
    const board = await startPort(BOARD, '384', String(BAUD), 'exact');
    let recorder: RecordingLink | undefined;
    const wrap = (link: Link): Link => (recorder = new RecordingLink(link));
    const ms = await timeOurs({ path: board.path, folder: '/lfs1/credentials', maxMessageBytes: 380, wrap });
    await board.stop();
    // Without the newline and the probe of connecting, which are not timed.
    wireBytes = (recorder as RecordingLink).recording.exchanges
      .slice(2)
      .reduce((sum, { request, answer }) => sum + request.length + answer.length, 0);
    return ms;
  });
  const wireMs = (wireBytes * 10_000) / BAUD;
  show('certline', median(times));
  show(`the bytes alone (${wireBytes})`, wireMs, `efficiency: ${ratio(wireMs, median(times))}`);
}

async function largeFile(): Promise<void> {
  console.log('\n64 KiB up and down, buffers of 4096, no wire');
  const content = Uint8Array.from({ length: 65_536 }, (_, index) => (index * 31) >> 3);
  const board = await startPort(BOARD, '4096', '0', 'ticks');
  const port = { path: board.path, baudRate: 2_000_000 };
  const recorder = new RecordingLink(await openSerialLink(port));
  await upAndDown(recorder, content);
  await recorder.close(); // it would copy all that follows into a string, at the cost of both sides
  // Frames of the probe aside, which is not timed either.
  const exchanges = recorder.recording.exchanges.filter(({ request }) => request.length > 1).slice(1);
  const link = await openSerialLink(port);
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    ours.push(await upAndDown(link, content));
    await setTimeout(20); // as long as connecting has slept before the file
    bare.push(await copyFrames(link, exchanges));
  }
  await link.close();
  await board.stop();
  ours.splice(0, WARM_UP_ROUNDS);
  bare.splice(0, WARM_UP_ROUNDS);
  show('certline', median(ours), `ratio to copying the frames: ${ratio(median(ours), median(bare))}`);
  show('copying the same frames to the same board', median(bare));
}

/** A client of its own each time, which leaves the link open. */
async function upAndDown(link: Link, content: Uint8Array): Promise<number> {
  const kept: Link = {
    name: link.name,
    write: async (bytes) => await link.write(bytes),
    onBytes: (listener) => link.onBytes(listener),
    onClosed: (listener) => link.onClosed(listener),
    close: async () => undefined,
  };
  const client = new SmpClient(kept, { maxMessageBytes: 4092 });
  await client.connect();
  const started = performance.now();
  await writeFile(client, '/lfs1/large', content, { verify: 'none' });
  const back = await readFile(client, '/lfs1/large');
  const ms = performance.now() - started;
  await client.close();
  if (back === undefined || Buffer.compare(back, content) !== 0) throw new Error('the file came back wrong');
  return ms;
}

/** Writes each request and waits for as many bytes as its answer had, without looking at them. */
async function copyFrames(link: Link, exchanges: Recording['exchanges']): Promise<number> {
  let missing = 0;
  let arrived = (): void => undefined;
  const stop = link.onBytes((bytes) => {
    missing -= bytes.length;
    if (missing === 0) arrived();
  });
  const started = performance.now();
  for (const { request, answer } of exchanges) {
    const { promise, resolve } = Promise.withResolvers<void>();
    missing = answer.length;
    arrived = resolve;
    await link.write(Buffer.from(request, 'latin1'));
    await promise;
  }
  const ms = performance.now() - started;
  stop();
  return ms;
}

async function eightAtOnce(): Promise<void> {
  console.log('\nEight boards at once, default buffers, paced 115200 8N1');
  const boards = await Promise.all(
    Array.from({ length: 8 }, () => startPort(BOARD, '384', String(BAUD), 'ticks')),
  );
  const run = async (path: string): Promise<number> =>
    timeOurs({ path, folder: '/lfs1/credentials', maxMessageBytes: 380 });
  const one = median(await inTurn(ROUNDS, async () => run((boards[0] as { path: string }).path)));
  const eight = await inTurn(ROUNDS, async () =>
    median(await Promise.all(boards.map(({ path }) => run(path)))),
  );
  await Promise.all(boards.map((board) => board.stop()));
  show('one', one);
  show(
    'each of eight',
    median(eight),
    `throughput of eight: ${((8 * one) / median(eight)).toFixed(2)} × one`,
  );
}

if (reason === undefined) {
  for (const pair of PAIRS) await besideOthers(pair);
  await oneLostFrame();
} else {
  console.log(`\nBeside other clients — cannot run: ${reason}`);
}
await besideTheWire();
await largeFile();
await eightAtOnce();

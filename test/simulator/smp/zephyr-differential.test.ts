import { setTimeout as sleep } from 'node:timers/promises';
import { writeFileSync } from 'node:fs';

import { describe, expect, it, onTestFinished } from 'vitest';

import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import { VirtualLine } from '../../../simulator/line/virtual-line.ts';
import { cannotRun, reason, startZephyr } from '../../smp/zephyr/zephyr-server.ts';
import { SerialClient } from './serial-client.ts';
import { CONVERSATION } from './zephyr-conversation.ts';
import { RECEIVER_ROWS } from './receiver-rows.ts';
import { echo, frame } from './wire.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Longer than two of native_sim's polls of its pty (10 ms): what is read in one poll is a burst, whatever lay between. */
const GAP_MS = 24;
const FENCE = echo('fence', 255);

const NUMBER_OF_ANSWERS: Readonly<Record<string, number>> = {
  'shorter than a header': 0,
  'two requests in a packet': 2,
  'group error does not': 2,
};
/** How many answers each request of the conversation has: none below a header's length, one per request in a packet. */
const ANSWERS = CONVERSATION.map(([name]) => NUMBER_OF_ANSWERS[name] ?? 1);

interface Peer {
  readonly name: string;
  readonly client: SerialClient;
}

async function realZephyr(): Promise<Peer> {
  const server = await startZephyr('serial');
  onTestFinished(() => server.stop());
  return { name: 'Zephyr', client: await SerialClient.open(server.path) };
}

async function virtualBoard(): Promise<Peer> {
  const line = await VirtualLine.start({
    directory: temporaryFolder(),
    stations: [{ id: 'st', sockets: ['1'] }],
    profile: FIRMWARE_PROFILES['native-sim'],
    speed: 'instant',
  });
  onTestFinished(() => line.stop());
  line.insertBoard('st', '1');
  return { name: 'virtual board', client: await SerialClient.open(line.portPath('st', '1')) };
}

interface Heard {
  readonly answers: string[];
  readonly lines: number[];
}

/** Sends pieces with gaps and, where no answer is expected, a fence; gives what came, or `undefined` when too little did. */
async function tryToHear(
  client: SerialClient,
  pieces: readonly string[],
  expected: number,
  gapMs: number,
): Promise<Heard | undefined> {
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await sleep(gapMs);
    client.send(piece);
  }
  if (expected === 0) {
    await sleep(gapMs);
    client.send(frame(FENCE)[0] ?? '');
  }
  const giveUpAt = performance.now() + 1000;
  while (client.messages.length < Math.max(1, expected)) {
    if (performance.now() > giveUpAt) return undefined;
    await sleep(2);
  }
  const lines = client.received.toString('latin1').split('\n').slice(0, -1);
  const answers = client.messages;
  client.received = Buffer.alloc(0);
  return { answers, lines: lines.map((line) => line.length + 1) };
}

/**
 * The messages that answer some pieces, and the lengths of their lines. An answer too many is found in front of the next ones.
 * A busy machine may read two pieces as one burst, and lose a line: then once more, with longer gaps.
 */
async function hear({ client, name }: Peer, pieces: readonly string[], expected: number): Promise<Heard> {
  for (const gapMs of [GAP_MS, 5 * GAP_MS, 20 * GAP_MS]) {
    const heard = await tryToHear(client, pieces, expected, gapMs);
    if (heard) return heard;
  }
  throw new Error(`${name} does not answer ${JSON.stringify(pieces)}`);
}

/** An exchange as it is kept in captures/: what answers nothing has no fence there. */
function withoutFence<E extends { answers: readonly string[] }>(exchange: E, index: number): E {
  return ANSWERS[index] === 0 ? { ...exchange, answers: [], lines: [] } : exchange;
}

describe.skipIf(reason)(`Zephyr 4.4.0 and the virtual board${cannotRun}`, () => {
  it('answer a long conversation in the same bytes and the same lines', async () => {
    const peers = [await realZephyr(), await virtualBoard()];
    const heard = await Promise.all(
      peers.map(async (peer) => {
        const exchanges = [];
        for (const [index, [name, message]] of CONVERSATION.entries()) {
          exchanges.push({
            name,
            request: message.toString('hex'),
            ...(await hear(peer, frame(message), ANSWERS[index] ?? 0)),
          });
        }
        return exchanges;
      }),
    );
    const record = process.env['CERTLINE_RECORD_ZEPHYR'];
    if (record) writeFileSync(record, JSON.stringify(heard[0]?.map(withoutFence), undefined, 1));
    expect(heard[1]).toEqual(heard[0]);
  }, 60_000);

  it('take and drop the same lines', async () => {
    const peers = [await realZephyr(), await virtualBoard()];
    const heard = await Promise.all(
      peers.map(async (peer) => {
        const answers = [];
        for (const { what, pieces, answered } of RECEIVER_ROWS) {
          answers.push({ what, ...(await hear(peer, pieces, answered.length)) });
        }
        return answers;
      }),
    );
    expect(heard[1]).toEqual(heard[0]);
    const lengths = RECEIVER_ROWS.map(({ answered }) => Math.max(1, answered.length));
    expect(heard[0]?.map(({ answers }) => answers.length)).toEqual(lengths);
  }, 60_000);
});

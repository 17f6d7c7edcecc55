import { describe, expect, it } from 'vitest';
import { SmpClient } from '../../smp/client.ts';
import { isSmpError } from '../../smp/smp-error.ts';
import { writeFile } from '../../smp/write-file.ts';
import { FileBoard } from './file-board.ts';
import type { Fault } from './file-board.ts';

const PATH = '/lfs1/credentials/crt.der';
const NEW = Buffer.from(Array.from({ length: 400 }, (_, index) => (index * 37) & 255));

/** `late`: the frame arrives together with the next one that passes in the same direction. */
function faultsByName(): Record<string, Fault> {
  let held: Buffer | undefined;
  return {
    lose: () => undefined,
    corrupt: (frame) => {
      const at = Math.floor(frame.length / 2);
      const copy = Buffer.from(frame);
      copy[at] = copy[at] === 0x41 ? 0x42 : 0x41;
      return [copy];
    },
    repeat: (frame) => [frame, frame],
    cut: (frame) => [frame.subarray(0, Math.floor(frame.length / 2))],
    hold: (frame) => {
      held = frame;
      return undefined;
    },
    release: (frame) => (held === undefined ? [frame] : [held, frame]),
  };
}

interface Run {
  board: FileBoard;
  failure: unknown;
}

async function run(prepare: (board: FileBoard) => void): Promise<Run> {
  const board = new FileBoard();
  board.directories.add('/lfs1/credentials');
  board.files.set(PATH, Buffer.alloc(700, 0xee));
  prepare(board);
  const client = new SmpClient(board.link);
  let failure: unknown;
  try {
    await writeFile(client, PATH, NEW);
  } catch (error) {
    failure = error;
  }
  await client.close();
  return { board, failure };
}

function expectRightOrReported({ board, failure }: Run): void {
  if (failure === undefined) expect(board.files.get(PATH)).toEqual(NEW);
  else expect(isSmpError(failure)).toBe(true);
}

describe('writeFile with a fault at every frame', async () => {
  const { board: clean } = await run(() => {});
  const frames = Array.from({ length: clean.frameCount }, (_, frame) => frame);

  it('covers requests and answers of the whole transfer', () => {
    expect(frames.length).toBeGreaterThanOrEqual(14);
  });

  describe.each(['lose', 'corrupt', 'repeat', 'cut'])('%s', (name) => {
    it.concurrent.each(frames)('frame %i', async (frame) => {
      const outcome = await run((board) => board.faults.set(frame, faultsByName()[name] as Fault));
      expect(outcome.failure).toBeUndefined();
      expectRightOrReported(outcome);
    });
  });

  it.concurrent.each(frames)('delay frame %i until after the next but one', async (frame) => {
    const outcome = await run((board) => {
      const { hold, release } = faultsByName();
      board.faults.set(frame, hold as Fault);
      board.faults.set(frame + 2, release as Fault);
    });
    expect(outcome.failure).toBeUndefined();
    expectRightOrReported(outcome);
  });

  it.concurrent.each(frames)('reset of the board at frame %i', async (frame) => {
    const outcome = await run((board) =>
      board.faults.set(frame, (bytes) => {
        board.reset();
        return [bytes];
      }),
    );
    expectRightOrReported(outcome);
    expect(outcome.failure).toBeUndefined();
  });

  it.concurrent.each(frames)('loss of frame %i and of the next but one', async (frame) => {
    const outcome = await run((board) => {
      board.faults.set(frame, () => undefined);
      board.faults.set(frame + 2, () => undefined);
    });
    expectRightOrReported(outcome);
    expect(outcome.failure).toBeUndefined();
  });

  it.concurrent.each(frames)('cable pulled at frame %i', async (frame) => {
    const outcome = await run((board) =>
      board.faults.set(frame, () => {
        board.link.unplug(new Error('disconnected'));
        return undefined;
      }),
    );
    expect(outcome.failure).toMatchObject({ code: 'LINK_LOST' });
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import { SmpError } from '../../../smp/smp-error.ts';
import { writeFile } from '../../../smp/files/write-file.ts';
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

async function run(
  prepare: (board: FileBoard) => void,
  { budgetMs = Infinity, verify = 'read' }: { budgetMs?: number; verify?: 'read' | 'none' } = {},
): Promise<Run> {
  const board = new FileBoard();
  board.directories.add('/lfs1/credentials');
  board.files.set(PATH, Buffer.alloc(700, 0xee));
  prepare(board);
  const client = new SmpClient(board.link);
  let failure: unknown;
  try {
    await writeFile(client, PATH, NEW, { deadlineMs: performance.now() + budgetMs, verify });
  } catch (error) {
    failure = error;
  }
  await client.close();
  return { board, failure };
}

/**
 * All frames at once, since nearly all of the time each of them waits for an answer that does not come. With and
 * without reading back: a transfer that is wrong must not need that to be noticed.
 */
async function atEveryFrame(
  count: number,
  prepare: (board: FileBoard, frame: number) => void,
): Promise<Run[]> {
  const frames = Array.from({ length: count }, (_, frame) => frame);
  const runs = (verify: 'read' | 'none'): Promise<Run>[] =>
    frames.map((frame) => run((board) => prepare(board, frame), { verify }));
  return await Promise.all([...runs('read'), ...runs('none')]);
}

/** Where it failed, or did not and left a wrong file. */
function wrongRuns(runs: Run[]): unknown[] {
  return runs.flatMap(({ board, failure }, frame) => {
    if (failure !== undefined) return [[frame, failure]];
    return NEW.equals(board.files.get(PATH) ?? Buffer.alloc(0)) ? [] : [[frame, 'wrong file']];
  });
}

describe('writeFile with a fault at every frame', async () => {
  const { board: clean } = await run(() => {});
  const frames = clean.frameCount;

  it('covers requests and answers of the whole transfer', () => {
    expect(frames).toBe(12);
  });

  it.concurrent.each(['lose', 'corrupt', 'repeat', 'cut'])('%s', async (name) => {
    const runs = await atEveryFrame(frames, (board, frame) => {
      board.faults.set(frame, faultsByName()[name] as Fault);
    });
    expect(wrongRuns(runs)).toEqual([]);
  });

  it.concurrent('delay until after the next but one', async () => {
    const runs = await atEveryFrame(frames, (board, frame) => {
      const { hold, release } = faultsByName();
      board.faults.set(frame, hold as Fault);
      board.faults.set(frame + 2, release as Fault);
    });
    expect(wrongRuns(runs)).toEqual([]);
  });

  it.concurrent('reset of the board', async () => {
    const runs = await atEveryFrame(frames, (board, frame) => {
      board.faults.set(frame, (bytes) => {
        board.reset();
        return [bytes];
      });
    });
    expect(wrongRuns(runs)).toEqual([]);
  });

  it.concurrent.each([1, 2, 3, 4])('loss of the frame and of the one %i later', async (distance) => {
    const runs = await atEveryFrame(frames, (board, frame) => {
      board.faults.set(frame, () => undefined);
      board.faults.set(frame + distance, () => undefined);
    });
    expect(wrongRuns(runs)).toEqual([]);
  });

  it.concurrent('cable pulled', async () => {
    const pulled = (board: FileBoard, frame: number): void => {
      board.faults.set(frame, () => {
        board.link.unplug(new Error('disconnected'));
        return undefined;
      });
    };
    const all = Array.from({ length: frames }, (_, frame) => run((board) => pulled(board, frame)));
    const runs = await Promise.all(all);
    expect(runs.map(({ failure }) => (failure as SmpError | undefined)?.code)).toEqual(
      runs.map(() => 'LINK_LOST'),
    );
  });

  it.concurrent('any mixture of faults: the file is right or the failure is typed', async () => {
    const names = ['none', 'none', 'none', 'lose', 'corrupt', 'repeat', 'cut'];
    const mixture = fc.array(fc.constantFrom(...names), { minLength: 10, maxLength: 30 });
    const mixtures = fc.sample(mixture, 40);
    const runs = await Promise.all(
      mixtures.map((mixed) =>
        run(
          (board) => {
            for (const [frame, name] of mixed.entries()) {
              const fault = faultsByName()[name];
              if (fault !== undefined) board.faults.set(frame, fault);
            }
          },
          { budgetMs: 1_500 },
        ),
      ),
    );
    for (const [index, { board, failure }] of runs.entries()) {
      if (failure === undefined)
        expect([mixtures[index], board.files.get(PATH)]).toEqual([mixtures[index], NEW]);
      else expect(failure).toBeInstanceOf(SmpError);
    }
  });
});

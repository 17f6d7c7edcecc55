import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished, vi } from 'vitest';

import type { VirtualBoard } from '../../../simulator/board/virtual-board.ts';
import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import { VirtualLine } from '../../../simulator/line/virtual-line.ts';
import type { VirtualLineOptions } from '../../../simulator/line/virtual-line.ts';
import { VirtualOperator } from '../../../simulator/line/virtual-operator.ts';
import type { OperatorOptions } from '../../../simulator/line/virtual-operator.ts';
import { until } from '../smp/serial-client.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SOCKETS = ['1', '2'];
const OCTETS = Buffer.from('00ff10a7', 'hex');

/** Writes an identity file, as a host or a firmware does. */
function identify({ flash }: VirtualBoard, content: Uint8Array): void {
  const file = flash.openToWrite('/lfs1/board-id');
  flash.write(file, content);
  flash.close(file);
}

class Fixture {
  readonly line: VirtualLine;
  readonly tileFile: string;
  operator: VirtualOperator | undefined;
  readonly #shown = new Map<string, object>();

  private constructor(line: VirtualLine, tileFile: string) {
    this.line = line;
    this.tileFile = tileFile;
  }

  static async start(options: Partial<VirtualLineOptions> = {}): Promise<Fixture> {
    const { directory = temporaryFolder() } = options;
    const stations = [{ id: 'st-1', sockets: SOCKETS }];
    const line = await VirtualLine.start({ ...options, directory, stations, speed: 'instant' });
    const fixture = new Fixture(line, join(directory, 'sockets.json'));
    onTestFinished(async () => {
      fixture.operator?.stop();
      await line.stop();
    });
    return fixture;
  }

  work(options: Partial<OperatorOptions> = {}): void {
    const station = { id: 'st-1', sockets: SOCKETS, tileFile: this.tileFile };
    this.operator = new VirtualOperator(this.line, [station], {
      unloadMs: 5,
      loadMs: 5,
      replaceFailed: false,
      ...options,
    });
  }

  /** Shows tiles as a station does: a whole new file, renamed into place. The other socket keeps what it showed. */
  show(state: string, boardId: string | null | undefined, socket = '1'): void {
    this.#shown.set(socket, {
      socket,
      port: '/x',
      state,
      boardId: boardId ?? null,
      serial: null,
      step: null,
      code: null,
      instruction: '',
    });
    const content = {
      station: 'st-1',
      updatedAt: new Date().toISOString(),
      sockets: [...this.#shown.values()],
    };
    writeFileSync(`${this.tileFile}.tmp`, JSON.stringify(content));
    renameSync(`${this.tileFile}.tmp`, this.tileFile);
  }

  /** Waits until the operator has looked at the tiles and acted: a PASS in socket 2 is the witness. */
  async hasLooked(): Promise<void> {
    const witness = this.seated('2');
    this.show('pass', witness, '2');
    await until(() => this.seated('2') !== witness && this.seated('2'));
  }

  seated(socket = '1'): string | undefined {
    return this.line.boardId('st-1', socket);
  }

  board(): VirtualBoard {
    return this.line.board('st-1', '1')!;
  }

  /** Waits until both sockets are loaded; gives the board in socket 1. */
  async loaded(): Promise<string> {
    await until(() => this.seated('2'));
    return until(() => this.seated());
  }
}

describe('the operator', () => {
  it('loads every empty socket with a new board', async () => {
    const fixture = await Fixture.start();
    fixture.work();
    const first = await fixture.loaded();
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(fixture.seated('2')).not.toBe(first);
  });

  it('takes a passed board to the good tray, once, and loads the next', async () => {
    const fixture = await Fixture.start();
    fixture.work();
    const first = await fixture.loaded();
    fixture.show('pass', first);
    const second = await until(() => fixture.seated() !== first && fixture.seated());
    await fixture.hasLooked();
    expect(fixture.line.tray('done').filter((board) => board === first)).toHaveLength(1);
    expect(fixture.seated()).toBe(second);
  });

  it.each<[how: string, name: (board: VirtualBoard) => string]>([
    ['the text of a file', (board) => (identify(board, Buffer.from('AB-12\n')), 'ab-12')],
    ['the octets of a file', (board) => (identify(board, OCTETS), OCTETS.toString('hex'))],
    [
      'the digest of a foreign certificate',
      (board) => {
        board.setFault({ kind: 'foreign-certificate' });
        const certificate = readFileSync(join(board.directory, 'lfs1/credentials/crt.der'));
        return createHash('sha256').update(certificate).digest('hex').slice(0, 32);
      },
    ],
  ])('knows a board without a hardware id by %s, and not the one after it', async (_how, name) => {
    const fixture = await Fixture.start({ profile: FIRMWARE_PROFILES.golioth });
    fixture.work();
    const first = await fixture.loaded();
    fixture.show('pass', name(fixture.board()));
    const second = await until(() => fixture.seated() !== first && fixture.seated());
    identify(fixture.board(), Buffer.from('another'));
    await fixture.hasLooked();
    expect(fixture.line.tray('done')).toContain(first);
    expect(fixture.seated()).toBe(second);
  });

  it('leaves a board whose cable is off, whatever its tile says', async () => {
    const fixture = await Fixture.start();
    fixture.work();
    const board = await fixture.loaded();
    fixture.line.fixture('st-1', '1').unseat();
    const removed = vi.spyOn(fixture.line, 'removeBoard');
    fixture.show('pass', board);
    await fixture.hasLooked();
    expect(removed.mock.calls.filter(([, socket]) => socket === '1')).toEqual([]);
    expect(fixture.seated()).toBe(board);
  });

  it('leaves a board alone when the tile speaks of another one', async () => {
    const fixture = await Fixture.start();
    fixture.show('pass', 'ab'.repeat(16));
    fixture.work();
    const board = await fixture.loaded();
    fixture.show('pass', null);
    await fixture.hasLooked();
    expect(fixture.seated()).toBe(board);
  });

  it.each(['empty', 'probing', 'ready', 'busy', 'fault', 'fail', 'hold'])(
    'leaves a board in a socket that says %s',
    async (state) => {
      const fixture = await Fixture.start();
      fixture.work();
      const board = await fixture.loaded();
      fixture.show(state, board);
      await fixture.hasLooked();
      expect(fixture.seated()).toBe(board);
    },
  );

  it.each(['fail', 'hold'])('replaces a board that says %s when told to', async (state) => {
    const fixture = await Fixture.start();
    fixture.work({ replaceFailed: true });
    const board = await fixture.loaded();
    fixture.show(state, board);
    await until(() => fixture.seated() !== board && fixture.seated());
    expect(fixture.line.tray('reject')).toEqual([board]);
  });

  it('stops feeding a socket that refuses three boards in a row', async () => {
    const fixture = await Fixture.start();
    fixture.work({ replaceFailed: true });
    let board = await fixture.loaded();
    for (let i = 0; i < 3; i++) {
      fixture.show('hold', board);
      board = await until(() => fixture.seated() !== board && fixture.seated());
    }
    fixture.show('hold', board);
    await fixture.hasLooked();
    expect(fixture.seated()).toBe(board);
    fixture.show('busy', board);
    await fixture.hasLooked();
    fixture.show('fail', board);
    expect(await until(() => fixture.seated() !== board)).toBe(true);
  });

  it('loads nothing after it stopped, not even behind a board on its way out', async () => {
    const fixture = await Fixture.start();
    fixture.work({ unloadMs: 0, loadMs: 0 });
    const board = await fixture.loaded();
    const remove = fixture.line.removeBoard.bind(fixture.line);
    vi.spyOn(fixture.line, 'removeBoard').mockImplementation((...place) => {
      const removed = remove(...place);
      fixture.operator?.stop();
      return removed;
    });
    fixture.show('pass', board);
    await until(() => fixture.seated() === undefined);
    // The turns in which the removal settles and an operator would look again.
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(fixture.seated()).toBeUndefined();
  });

  it('looks into a dark or broken screen without harm', async () => {
    const fixture = await Fixture.start();
    fixture.work();
    const board = await fixture.loaded();
    for (const content of ['', '{', '{"sockets": 3}', '{"sockets": [null, {"socket": 1}]}']) {
      writeFileSync(fixture.tileFile, content);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(fixture.seated()).toBe(board);
  });

  it('goes on after a restart of the line: a passed board is taken out then', async () => {
    const directory = temporaryFolder();
    const before = await Fixture.start({ directory });
    before.work();
    const board = await before.loaded();
    before.operator?.stop();
    before.show('pass', board);
    await before.line.stop();
    const after = await Fixture.start({ directory });
    expect(after.seated()).toBe(board);
    after.work();
    await until(() => after.seated() !== board && after.seated());
    expect(after.line.tray('done')).toEqual([board]);
  });
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FixtureError } from '../../fixtures/fixture-error.ts';
import { printable } from '../../provisioning/printable.ts';
import { VirtualBoard } from '../../simulator/board/virtual-board.ts';
import { FIRMWARE_PROFILES } from '../../simulator/firmware-profile.ts';
import { SmpError } from '../../smp/smp-error.ts';
import { makeCa } from '../pki/leaf.ts';
import { PRODUCT, startBench } from '../fixtures/station/bench.ts';
import type { Bench } from '../fixtures/station/bench.ts';
import { passBoard } from '../fixtures/station/pass-board.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.end();
  bench = undefined;
});

const KEY = PRODUCT.keyPath;
const CERTIFICATE = PRODUCT.certificatePath;

const boardWithId = (hardwareId: string): VirtualBoard =>
  VirtualBoard.create(temporaryFolder(), { profile: FIRMWARE_PROFILES.factory, hardwareId });

const tile = () => bench!.station.tiles[0]!;

/** The board of CL-1, which has passed and is in the good tray, and what a stranger makes of its certificate. */
async function passedAndCopied(hardwareId?: string): Promise<{ copy: VirtualBoard; passed: VirtualBoard }> {
  const ca = await makeCa(temporaryFolder());
  bench = await startBench({ sockets: ['1'], issuers: ca.chain });
  const passed = bench.line.insertBoard('st', '1');
  await bench.ready('1');
  await passBoard(bench, ca, 'CL-1');
  await until('it passes', () => bench!.state('1') === 'pass');
  await bench.line.removeBoard('st', '1', 'done');
  await until('the socket is seen empty', () => bench!.state('1') === 'empty');
  bench.units.standing = 'passed';
  const copy = boardWithId(hardwareId ?? passed.hardwareId);
  for (const path of [KEY, CERTIFICATE]) {
    mkdirSync(dirname(join(copy.directory, path)), { recursive: true });
    writeFileSync(join(copy.directory, path), readFileSync(join(passed.directory, path)));
  }
  return { copy, passed };
}

async function statesWith(board: VirtualBoard): Promise<string[]> {
  const states: string[] = [];
  bench!.station.changes.on('change', () => void states.push(tile().state));
  bench!.line.insertBoard('st', '1', board);
  await until('it is judged', () => ['pass', 'hold'].includes(tile().state));
  return states;
}

describe('M2: a counterfeit', () => {
  it.each(['a1b2c3d4e5f60718293a4b5c6d7e8f90', undefined])(
    'with the certificate of a passed unit and rubbish for a key is HOLD, with the hardware id %s',
    async (hardwareId) => {
      const { copy } = await passedAndCopied(hardwareId);
      writeFileSync(join(copy.directory, KEY), new Uint8Array(121).fill(7));
      const states = await statesWith(copy);
      expect(states).not.toContain('pass');
      expect(tile()).toMatchObject({ state: 'hold', code: 'BOARD_COUNTERFEIT' });
      expect(tile().instruction).toContain('quarantine');
      expect(bench!.station.ownQueues).toEqual([]);
    },
  );

  it('is named where the unit passed on another board, whatever its key', async () => {
    const { copy } = await passedAndCopied('a1b2c3d4e5f60718293a4b5c6d7e8f90');
    bench!.units.standing = 'counterfeit';
    expect(await statesWith(copy)).not.toContain('pass');
    expect(tile()).toMatchObject({ state: 'hold', code: 'BOARD_COUNTERFEIT' });
  });

  it('is not the board itself, which goes to the good tray again', async () => {
    const { passed } = await passedAndCopied();
    await statesWith(passed);
    expect(tile()).toMatchObject({ state: 'pass', serial: 'CL-1' });
  });
});

describe('what a board says', () => {
  it('is an id of at most 64 characters, or no id at all', async () => {
    bench = await startBench({ sockets: ['1'] });
    bench.line.insertBoard('st', '1', boardWithId('ab'.repeat(33)));
    await until('it is judged', () => !['empty', 'probing'].includes(tile().state), 20_000);
    expect(tile().state).not.toBe('ready');
    expect(bench.station.capacity('boards/node')).toBe(0);
  });

  it('reaches no history, log or terminal with characters that act', () => {
    const said = 'a\u001b[2Jb\u009bc\u202ed\u2066e\u2028f\ud800g\u0000h';
    const shown = 'a [2Jb c d e f g h';
    expect(printable(said)).toBe(shown);
    expect(new SmpError('SMP_DEVICE_ERROR', said).message).toBe(shown);
    expect(new FixtureError('BOARD_WRONG_PRODUCT', said).message).toBe(shown);
  });
});

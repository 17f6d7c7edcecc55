import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { violations } from './invariants.ts';
import { placesOf, readEvidence } from './line-evidence.ts';
import { childrenOf, isAlive, killAll, LineProcess } from './line-process.ts';
import { progressOf } from './line-progress.ts';
import type { LineProgress } from './line-progress.ts';

const UNITS = 40;
const folder = mkdtempSync(join(tmpdir(), 'certline-restart-'));
const state = join(folder, 'state');
const inbox = join(folder, 'inbox');
/** Every process that any run started. */
const seen = new Set<number>();
let line: LineProcess | undefined;

afterAll(async () => {
  await line?.kill();
  killAll([...seen]);
  rmSync(folder, { recursive: true, force: true });
});

function start(): LineProcess {
  line = new LineProcess(['demo', '--units', String(UNITS), '--speed', 'instant'], {
    CERTLINE_STATE: state,
    CERTLINE_INBOX: inbox,
  });
  return line;
}

/** Waits until the running line has come further, to this point. Returns its child processes. */
async function reach(
  what: string,
  reached: (now: LineProgress, before: LineProgress) => boolean,
): Promise<number[]> {
  const before = progressOf(state);
  await until(
    what,
    () => {
      if (!line!.isRunning) throw new Error(`the line ended before ${what}:\n${line!.output}`);
      return line!.output.includes(' batch ') && reached(progressOf(state), before);
    },
    60_000,
  );
  const children = childrenOf(line!.pid);
  for (const pid of children) seen.add(pid);
  return children;
}

const serverPid = (): number =>
  (
    JSON.parse(readFileSync(join(state, 'temporal', 'temporal-server.json'), 'utf8')) as {
      process: { pid: number };
    }
  ).process.pid;

describe('a line that is killed again and again', { timeout: 300_000 }, () => {
  it('goes on each time, until every unit has passed', async () => {
    // Only the line dies: its boards notice, its server is left to the next one.
    const first = start();
    const children = await reach('three certificates are signed', ({ signed }) => signed >= 3);
    await first.kill();
    const server = serverPid();
    const simulators = children.filter((pid) => pid !== server);
    expect([children.includes(server), simulators.length]).toEqual([true, 1]);
    await until('the boards notice', () => !simulators.some(isAlive));
    expect(isAlive(server)).toBe(true);

    // The next one takes the server over. This time everything dies at once, a key being without its certificate.
    const second = start();
    const grandchildren = await reach('units pass and a key is written', (now, before) => {
      return now.passed > before.passed && now.keyed > 0;
    });
    expect(second.output).toContain(`Taking over the Temporal server (pid ${server})`);
    expect(second.output).toContain('Continuing batch');
    expect(grandchildren.filter((pid) => pid !== server)).toHaveLength(1);
    killAll([...grandchildren, server]);
    await second.kill();

    // A new server on the old database.
    const third = start();
    await reach('half of the units passed', ({ passed }) => passed >= UNITS / 2);
    await third.kill();

    // Ctrl-C ends it in order.
    const fourth = start();
    const orderly = await reach('some more passed', (now, before) => now.passed > before.passed + 3);
    fourth.signal('SIGINT');
    expect(await fourth.ended()).toBe(130);
    expect(orderly.filter(isAlive)).toEqual([]);

    const last = start();
    expect([await last.ended(), last.output]).toEqual([0, expect.stringContaining('PASS')]);
  });

  it('has provisioned nothing twice', () => {
    const places = placesOf(state, inbox);
    expect(violations(places)).toEqual([]);
    const { batches, units, issuances, boards } = readEvidence(places);
    // On a busy machine the lot may be done when a kill comes; the next start makes the next lot then.
    const due = UNITS * batches.length;
    expect(units.filter(({ outcome }) => outcome === 'PASS')).toHaveLength(due);
    const live = issuances.filter(({ state: condition }) => condition === 'active');
    expect(new Set(live.map(({ serial }) => serial)).size).toBe(due);
    const superseded = issuances.filter(({ state: condition }) => condition === 'superseded');
    for (const { serial, attempt } of superseded) {
      expect(live.find((later) => later.serial === serial)!.attempt).toBeGreaterThan(attempt);
    }
    expect(boards.filter(({ place, certificate }) => place === 'done' && !certificate)).toEqual([]);
  });

  it('leaves no process behind', () => {
    expect([...seen].filter(isAlive)).toEqual([]);
  });
});

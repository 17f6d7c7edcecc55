import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, it } from 'vitest';
import { auditWitnessPath, ledgerPath, logPath } from '../../line/state-folder.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { until } from '../support/until.ts';
import { childrenOf, isAlive, killAll, LineProcess } from './line-process.ts';
import { progressOf } from './line-progress.ts';

const folder = mkdtempSync(join(tmpdir(), 'certline-lost-'));
const state = join(folder, 'state');
const seen: number[] = [];
let line: LineProcess | undefined;

afterAll(async () => {
  await line?.kill();
  killAll(seen);
  rmSync(folder, { recursive: true, force: true });
});

function serverPid(): number {
  const text = readFileSync(join(state, 'temporal', 'temporal-server.json'), 'utf8');
  return (JSON.parse(text) as { process: { pid: number } }).process.pid;
}

/** Entries of the signer's audit log. */
function auditedIn(): number {
  const database = new DatabaseSync(ledgerPath(state), { readOnly: true });
  const [row] = database.prepare('SELECT count(*) AS entries FROM audit').all();
  database.close();
  return Number(row?.['entries']);
}

it('a line whose server is killed ends in order, with the status of a lost server', async () => {
  line = new LineProcess(['demo', '--units', '100', '--speed', 'instant'], {
    CERTLINE_STATE: state,
    CERTLINE_INBOX: join(folder, 'inbox'),
  });
  await until('certificates are signed', () => progressOf(state).signed >= 3, 60_000);
  seen.push(...childrenOf(line.pid));
  expect(seen).toContain(serverPid());

  process.kill(serverPid(), 'SIGKILL');
  expect(await line.ended()).toBe(EXIT_STATUS.server.status);

  expect(line.output).toContain('certline: The Temporal server ended (signal SIGKILL)');
  expect(seen.filter(isAlive)).toEqual([]);
  const log = readFileSync(logPath(state), 'utf8');
  expect(log).not.toContain('could not stop in order');
  // The signer was closed last of the roles: it witnessed all that it signed.
  expect(readFileSync(auditWitnessPath(state), 'utf8').split('\n')[1]).toBe(String(auditedIn()));
}, 300_000);

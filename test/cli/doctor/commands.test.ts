import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkClock } from '../../../cli/doctor/check-clock.ts';
import { judgeSpace } from '../../../cli/doctor/check-folder.ts';
import { checkSubfolders } from '../../../cli/doctor/check-subfolders.ts';
import { checkInboxOwner } from '../../../cli/doctor/check-inbox.ts';
import { checkUnfinished } from '../../../cli/doctor/check-leftovers.ts';
import { judgeMemory } from '../../../cli/doctor/check-memory.ts';
import { checkProfiles } from '../../../cli/doctor/check-profiles.ts';
import { checkNode } from '../../../cli/doctor/check-node.ts';
import type { Finding } from '../../../cli/doctor/finding.ts';
import { StationBook } from '../../../fixtures/station/station-book.ts';
import { holderOf } from '../../../fixtures/station/port-holder.ts';
import { BoardUart } from '../../../simulator/board/board-uart.ts';
import { boardSpeed } from '../../../simulator/board/board-speed.ts';
import { PtyPort } from '../../../simulator/line/pty-port.ts';
import { VirtualBoard } from '../../../simulator/board/virtual-board.ts';
import { DER_TAG } from '../../../pki/x509/der-reader.ts';
import { derElement } from '../../../pki/x509/der-writer.ts';
import { CA_FILES } from '../../../pki/ca/ca-files.ts';
import { pemOf } from '../../../pki/x509/pem.ts';
import { OWNER_MARK } from '../../../manifests/intake/inbox-owner.ts';
import { openSerialLink } from '../../../smp/links/serial-link.ts';
import { parseLineConfig } from '../../../line/config.ts';
import { lockLine } from '../../../line/lock.ts';
import { caFolder, stationBookPath } from '../../../line/state-folder.ts';
import { makeCa } from '../../pki/leaf.ts';
import { until } from '../../support/until.ts';
import { openPseudoTerminal } from '../../support/pseudo-terminal.ts';
import { json, newPlace, PRODUCT } from '../../support/certline.ts';
import type { Ended, Place } from '../../support/certline.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface Report {
  healthy: boolean;
  findings: Finding[];
}

function reportOf(ended: Ended): { healthy: boolean; of: (check: string) => Finding[] } {
  const { healthy, findings } = json(ended) as Report;
  return { healthy, of: (check) => findings.filter((finding) => finding.check === check) };
}

/** A place with a CA and these ports, one a socket from 1 on. */
async function placeWithPorts(...ports: string[]): Promise<Place> {
  const place = newPlace();
  const sockets = ports.map((port, at) => ({ id: String(at + 1), port, product: PRODUCT.name }));
  place.configure({ inbox: place.inbox, products: [PRODUCT], stations: [{ id: 'st-1', sockets }] });
  expect(await place.certline('ca', 'init', '--root-folder', join(place.folder, 'root'))).toMatchObject({
    status: 0,
  });
  return place;
}

function pseudoTerminal(): string {
  const pty = openPseudoTerminal();
  onTestFinished(() => pty.close());
  return pty.path;
}

/** A port with a board that speaks. */
function portWithBoard(folder: string): { path: string; hardwareId: string } {
  const board = VirtualBoard.create(folder);
  const speed = boardSpeed('instant');
  const port = new PtyPort((bytes) => uart.receive(bytes));
  const uart = new BoardUart(board, speed, (bytes) => port.write(bytes));
  uart.start();
  onTestFinished(() => {
    uart.stop();
    port.close();
  });
  return { path: port.path, hardwareId: board.hardwareId };
}

describe('certline doctor', () => {
  it('finds a host fit when ports open, CA and passphrase fit, and folders can be written', async () => {
    const place = await placeWithPorts(pseudoTerminal());
    // One after the other: each holds the port while it looks.
    const text = await place.certline('doctor');
    const document = await place.certline('doctor', '--json');
    expect(text.stdout).toMatch(/^ok +node +v24/);
    expect(text.stdout).not.toContain('fail');
    expect([text.status, text.stderr, document.status]).toEqual([0, '', 0]);
    const report = reportOf(document);
    expect(report.healthy).toBe(true);
    expect(report.of('CA key')).toMatchObject([{ verdict: 'ok' }]);
    expect(report.of('port st-1/1')).toMatchObject([
      { verdict: 'ok', says: expect.stringMatching(/ opens$/) },
    ]);
    expect(report.of('line')).toMatchObject([{ says: expect.stringContaining('none runs') }]);
  });

  it('says that a port is missing, with status 20', async () => {
    const place = await placeWithPorts(pseudoTerminal(), join('/dev', 'no-such-port'));
    const { status, stdout } = await place.certline('doctor');
    expect(status).toBe(20);
    expect(stdout).toMatch(
      /\nfail {2}port st-1\/2 +\/dev\/no-such-port: there is no such port: is the board plugged in\?/,
    );
  });

  it('says who holds a busy port, with status 21', async () => {
    const path = pseudoTerminal();
    const link = await openSerialLink({ path });
    onTestFinished(() => link.close());
    const ended = await (await placeWithPorts(path)).certline('doctor', '--json');
    expect(ended.status).toBe(21);
    expect(reportOf(ended).of('port st-1/1')).toMatchObject([
      { verdict: 'fail', reason: 'portBusy', says: expect.stringContaining(`pid ${process.pid}`) },
    ]);
  });

  it.each(['ModemManager', 'brltty'])('warns that %s runs, which opens ports by itself', async (name) => {
    const program = join(temporaryFolder(), name);
    symlinkSync('/bin/sleep', program);
    const child = spawn(program, ['1000'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill());
    const ended = await (await placeWithPorts(pseudoTerminal())).certline('doctor', '--json');
    expect(reportOf(ended).of('ports')).toContainEqual({
      check: 'ports',
      verdict: 'warn',
      says: expect.stringContaining(`${name} runs here (pid ${child.pid})`),
    });
  });

  it('asks the boards who they are, on demand', async () => {
    const place = newPlace();
    const { path, hardwareId } = portWithBoard(join(place.folder, 'boards'));
    const fitted = await placeWithPorts(path, pseudoTerminal());
    const ended = await fitted.certline('doctor', '--probe', '--json');
    const report = reportOf(ended);
    expect(report.of('port st-1/1')).toMatchObject([
      { verdict: 'ok', says: expect.stringMatching(new RegExp(`board ${hardwareId}, Zephyr`)) },
    ]);
    expect(report.of('port st-1/2')).toMatchObject([
      {
        verdict: 'warn',
        says: expect.stringContaining(
          'nothing answers: load a board, or reseat or power-cycle the one in it',
        ),
      },
    ]);
    expect(ended.status).toBe(0);
  });

  it('says that the CA cannot certify a product as configured, with status 4, and how to mend it', async () => {
    const place = await placeWithPorts(pseudoTerminal());
    const both = ['clientAuth', 'serverAuth'];
    const products = [PRODUCT, { ...PRODUCT, name: 'gateway', extendedKeyUsage: both }];
    place.configure({ inbox: place.inbox, products });
    const ended = await place.certline('doctor', '--json');
    expect(ended.status).toBe(4);
    const report = reportOf(ended);
    expect(report.of(`profile ${PRODUCT.name}`)).toMatchObject([{ verdict: 'ok' }]);
    expect(report.of('profile gateway')).toMatchObject([
      { verdict: 'fail', reason: 'configuration', says: expect.stringContaining('take serverAuth out') },
    ]);
  });

  it('warns of a day from which the CA ends before the certificates of a product would', async () => {
    const ending = (): object => ({
      notAfter: Buffer.from(derElement(DER_TAG.utcTime, Buffer.from('491231235959Z'))),
    });
    const ca = await makeCa(temporaryFolder(), ending);
    const state = temporaryFolder();
    mkdirSync(caFolder(state), { recursive: true });
    const files = [CA_FILES.factoryIca, CA_FILES.root];
    for (const [index, der] of ca.chain.entries())
      writeFileSync(join(caFolder(state), files[index]!), pemOf('CERTIFICATE', der));
    const { products } = parseLineConfig({ products: [{ ...PRODUCT, validity: { days: 30 } }] }, 'c', state);
    const verdicts = async (day: string): Promise<Finding[]> =>
      await checkProfiles(state, products, new Date(`${day}T12:00:00Z`));
    expect(await verdicts('2049-06-01')).toMatchObject([{ verdict: 'ok' }]);
    expect(await verdicts('2049-10-01')).toMatchObject([
      { verdict: 'warn', says: expect.stringContaining('only until 2049-12-01') },
    ]);
    expect(await verdicts('2049-12-03')).toMatchObject([{ verdict: 'fail' }]);
  });

  it('names a wrong profile in the configuration, with status 4', async () => {
    const place = newPlace();
    const cloud = { cloud: 'golioth', organization: 'My Project' };
    place.configure({ inbox: place.inbox, products: [{ ...PRODUCT, ...cloud }] });
    const ended = await place.certline('doctor');
    expect(ended.status).toBe(4);
    expect(ended.stdout).toMatch(/products\.0\.organization: is not a Golioth project id: copy the id/);
  });

  it('misses a CA, with status 30, and the passphrase that opens it, with status 31', async () => {
    const place = newPlace();
    const without = await place.certline('doctor', '--json');
    expect(without.status).toBe(30);
    expect(reportOf(without).of('CA')).toMatchObject([{ says: expect.stringContaining('certline ca init') }]);
    await place.certline('ca', 'init', '--root-folder', join(place.folder, 'root'));
    writeFileSync(join(place.state, 'signer', 'ca.passphrase'), 'quite another one\n', { mode: 0o600 });
    const wrong = await place.certline('doctor', '--json');
    expect(wrong.status).toBe(31);
    expect(reportOf(wrong).of('CA key')).toMatchObject([
      { verdict: 'fail', says: expect.stringContaining('does not decrypt') },
    ]);
  });

  it('goes on after a wrong configuration, with status 4', async () => {
    const place = newPlace();
    place.configure({ products: [] });
    const ended = await place.certline('doctor', '--json');
    expect(ended.status).toBe(4);
    expect(reportOf(ended).of('disk')).toHaveLength(1);
  });

  it('asks no host but the signer for a CA, and the others for its certificates', async () => {
    const place = newPlace();
    const { of } = reportOf(await place.certline('doctor', '--json'));
    expect(of('CA')).toMatchObject([
      { verdict: 'fail', reason: 'caMissing', says: expect.stringContaining('name it as issuersFile') },
    ]);
    const { chainPath } = await makeCa(place.folder);
    place.configure({ inbox: place.inbox, products: [PRODUCT], issuersFile: chainPath });
    const other = reportOf(await place.certline('doctor', '--json'));
    expect(other.of('CA')).toMatchObject([{ verdict: 'ok' }, { verdict: 'ok' }]);
    writeFileSync(chainPath, '');
    const ended = await place.certline('doctor', '--json');
    expect(reportOf(ended).of('CA')).toMatchObject([
      { verdict: 'fail', says: expect.stringContaining(`${chainPath} (it has no PEM certificate)`) },
    ]);
    expect(ended.status).toBe(4);
  });

  it('misses the CA of a signer that has a ledger, also where certificates are named', async () => {
    const place = newPlace();
    const { chainPath } = await makeCa(place.folder);
    place.configure({ inbox: place.inbox, products: [PRODUCT], issuersFile: chainPath });
    mkdirSync(join(place.state, 'signer'));
    writeFileSync(join(place.state, 'signer', 'ledger.db'), '');
    const { of } = reportOf(await place.certline('doctor', '--json'));
    expect(of('CA')).toMatchObject([{ verdict: 'fail', reason: 'caMissing' }]);
  });

  it('says that a station cannot use what it knows of its boards', async () => {
    const place = newPlace();
    const sockets = [{ id: '1', port: join(place.folder, 'port'), product: PRODUCT.name }];
    place.configure({ inbox: place.inbox, products: [PRODUCT], stations: [{ id: 'st-1', sockets }] });
    const path = stationBookPath(place.state, 'st-1');
    new StationBook(path).close();
    expect(reportOf(await place.certline('doctor', '--json')).of('station st-1')).toHaveLength(1);
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 9999');
    database.close();
    expect(reportOf(await place.certline('doctor', '--json')).of('station st-1')).toMatchObject([
      { verdict: 'warn' },
      { verdict: 'fail', reason: 'disk', says: expect.stringContaining('later version of Certline') },
    ]);
  });

  it('says when nothing can be written, with status 50', async () => {
    const place = newPlace();
    writeFileSync(join(place.folder, 'file'), '');
    const state = join(place.folder, 'file', 'state');
    const ended = await place.certline('doctor', '--json', '--state', state);
    expect(ended.status).toBe(50);
    expect(reportOf(ended).of('state folder')).toMatchObject([{ verdict: 'fail', reason: 'disk' }]);
  });

  it('says why no server can be had, with status 40, and knows a running line', async () => {
    const place = newPlace({ TEMPORAL_PROFILE: 'none-such' });
    await place.certline('ca', 'init', '--root-folder', join(place.folder, 'root'));
    const lock = lockLine(place.state);
    onTestFinished(() => lock.release());
    const ended = await place.certline('doctor', '--json');
    expect(ended.status).toBe(40);
    const report = reportOf(ended);
    expect(report.of('Temporal')).toMatchObject([
      { verdict: 'fail', says: expect.stringContaining('TEMPORAL_PROFILE') },
    ]);
    expect(report.of('line')).toMatchObject([{ verdict: 'ok', says: expect.stringContaining('runs on') }]);
  });
});

describe('a check', () => {
  it('of the Node.js', () => {
    for (const version of ['v22.20.0', 'v24.7.0', 'v25.0.0']) expect(checkNode(version).verdict).toBe('ok');
    for (const version of ['v20.19.1', 'v22.19.0', 'v23.11.0', 'v24.6.0'])
      expect(checkNode(version)).toMatchObject({ verdict: 'fail', reason: 'configuration' });
  });

  it('of the disk fails, warns or is content by what is free', () => {
    const verdicts = [1_000_000, 500_000_000, 2_000_000_000].map(
      (bytes) => judgeSpace('disk', '/s', { bytes }).verdict,
    );
    expect(verdicts).toEqual(['fail', 'warn', 'ok']);
    const withFiles = (files: number): Finding => judgeSpace('disk', '/s', { bytes: 2_000_000_000, files });
    expect(withFiles(999)).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('999 more files'),
    });
    expect(withFiles(1_000).verdict).toBe('ok');
  });

  it('of the clock holds it against what must lie in the past', () => {
    const place = newPlace();
    expect(checkClock(place.state, Date.UTC(1970, 0, 1))).toMatchObject({
      verdict: 'fail',
      reason: 'signer',
    });
    expect(checkClock(place.state).verdict).toBe('ok');
    writeFileSync(join(place.state, 'registry.db'), '');
    const ahead = Date.now() / 1_000 + 86_400;
    utimesSync(join(place.state, 'registry.db'), ahead, ahead);
    expect(checkClock(place.state)).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('the registry'),
    });
  });

  it('of memory warns of swap, and of programs that get cores whatever their limit', () => {
    const none = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
    const one = `${none}/dev/sda2                               partition\t8388604\t\t0\t\t-2\n`;
    const verdicts = (swaps: string, pattern: string): string[] =>
      judgeMemory(swaps, pattern).map(({ verdict, says }) => `${verdict} ${says}`);
    expect(verdicts(none, 'core\n')).toEqual([expect.stringMatching(/^ok /)]);
    expect(verdicts(one, '|/usr/lib/systemd/systemd-coredump %P\n')).toEqual([
      expect.stringMatching(/^warn swap is on \(\/dev\/sda2\): /),
      expect.stringMatching(/^warn cores go to a program \(\|\/usr\/lib\/systemd\/systemd-coredump %P\), /),
    ]);
  });

  it('of the inbox finds copies that nobody will finish', () => {
    const { inbox } = newPlace();
    expect(checkUnfinished(inbox)).toBeUndefined();
    mkdirSync(inbox);
    writeFileSync(join(inbox, '.lot.csv.1.tmp'), '');
    expect(checkUnfinished(inbox)).toBeUndefined();
    expect(checkUnfinished(inbox, Date.now() + 7_200_000)).toMatchObject({
      verdict: 'warn',
      says: expect.stringContaining('.lot.csv.1.tmp'),
    });
  });

  it('of a drop folder that is none says so and goes on', async () => {
    const place = newPlace();
    writeFileSync(place.inbox, '');
    const report = reportOf(await place.certline('doctor', '--json'));
    expect(report.of('inbox')).toEqual([
      {
        check: 'inbox',
        verdict: 'fail',
        reason: 'disk',
        says: expect.stringContaining(`${place.inbox} cannot be written (ENOTDIR): `),
      },
    ]);
    expect(report.of('ports')).toHaveLength(1);
  });

  it('of a CA whose certificate is none says so and goes on', async () => {
    const place = await placeWithPorts(pseudoTerminal());
    writeFileSync(join(caFolder(place.state), CA_FILES.factoryIca), 'no certificate');
    const report = reportOf(await place.certline('doctor', '--json'));
    expect(report.of('CA')).toMatchObject([{ verdict: 'fail' }]);
    expect(report.of('signing')).toMatchObject([{ verdict: 'fail' }]);
    expect(report.of('inbox')).toMatchObject([{ verdict: 'ok' }]);
  });

  it('of a drop folder warns of the line of another host, whose state folder has the same path', async () => {
    const { inbox, state } = newPlace();
    mkdirSync(inbox);
    const mark = { host: 'another-host', line: state, since: new Date().toISOString() };
    writeFileSync(join(inbox, OWNER_MARK), JSON.stringify(mark));
    expect(await checkInboxOwner(inbox, state)).toMatchObject({ verdict: 'warn' });
  });

  it.skipIf(process.platform === 'win32')('of a drop folder leaves out what its user may not read', () => {
    const inbox = temporaryFolder();
    chmodSync(inbox, 0o755);
    mkdirSync(join(inbox, 'lost+found'), { mode: 0o000 });
    mkdirSync(join(inbox, 'old'));
    writeFileSync(join(inbox, 'old', 'lot1.csv'), '');
    if (process.geteuid?.() === 0) {
      // Root may read everything.
      process.seteuid?.(65_534);
      onTestFinished(() => process.seteuid?.(0));
    }
    expect(checkSubfolders(inbox, [])?.says).toContain('no factory line reads: old/lot1.csv;');
  });

  it('of a drop folder warns of manifests in folders that no line reads', async () => {
    const { inbox } = newPlace();
    const lie = (...names: string[]): void => {
      for (const name of names) {
        mkdirSync(dirname(join(inbox, name)), { recursive: true });
        writeFileSync(join(inbox, name), '');
      }
    };
    expect(checkSubfolders(inbox, ['acme'])).toBeUndefined();
    lie('lot1.csv', 'acme/lot2.csv', 'done/2026-01-01/PO-1/lot3.csv', 'notes/readme.md', '.trash/lot4.csv');
    // A person moved it there, with its answer.
    lie('old/lot5.csv', 'old/lot5.accepted.json', 'old/lot5.result.csv');
    expect(checkSubfolders(inbox, ['acme'])).toBeUndefined();
    lie('Acme/lot6.csv', 'acme/july/lot7.csv');
    expect(checkSubfolders(inbox, ['acme'])).toEqual({
      check: 'inbox',
      verdict: 'warn',
      says: `manifests in folders that no factory line reads: Acme/lot6.csv, acme/july/lot7.csv; move them to ${inbox}, or name the folder in manufacturers`,
    });
    lie('bolt/1.csv', 'bolt/2.csv');
    expect(checkSubfolders(inbox, ['acme'])?.says).toContain('bolt/1.csv and 1 more;');
    expect(checkSubfolders(inbox, ['acme', 'bolt', 'Acme', 'acme/july'])).toBeUndefined();
  });

  it('looks for unfinished copies in the folder of each manufacturer', async () => {
    const place = newPlace();
    place.configure({ inbox: place.inbox, products: [PRODUCT], manufacturers: ['acme'] });
    const copy = join(place.inbox, 'acme', 'lot7.csv.part');
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, '');
    utimesSync(copy, 0, 0);
    const report = reportOf(await place.certline('doctor', '--json'));
    expect(report.of('inbox')).toContainEqual({
      check: 'inbox',
      verdict: 'warn',
      says: expect.stringContaining(`${dirname(copy)}: lot7.csv.part`),
    });
  });

  it('of a port knows its holder, and whether that is a line of ours', async () => {
    const path = pseudoTerminal();
    expect(holderOf(path)).toBeUndefined();
    const program = join(newPlace().folder, 'certline.ts');
    writeFileSync(
      program,
      "import { openSync } from 'node:fs';\nopenSync(process.argv[2], 'r+');\nsetInterval(() => {}, 1e6);\n",
    );
    const line = spawn(process.execPath, [program, path], { stdio: 'ignore' });
    onTestFinished(() => void line.kill());
    await until('it has the port open', () => holderOf(path) !== undefined);
    expect(holderOf(path)).toMatchObject({ pid: line.pid, isCertline: true });
  });
});

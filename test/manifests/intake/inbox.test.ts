import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openInbox } from '../../../manifests/intake/inbox.ts';
import type { Inbox, InboxEvent, InboxOptions } from '../../../manifests/intake/inbox.ts';
import { InboxHold } from '../../../manifests/intake/inbox-owner.ts';
import { createIntake } from '../../../manifests/intake/intake.ts';
import { issue } from '../../../manifests/check/issue.ts';
import type { ManifestProduct } from '../../../manifests/check/manifest-row.ts';
import { rejectedFile } from '../../../manifests/check/verdict.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { readCsv } from '../csv/read-csv.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const PRODUCTS: readonly ManifestProduct[] = [
  { name: 'golioth-node', assignment: 'any-board', commonName: '{serial}' },
];
const HEAD = 'order,serial,product\n';

/** No test waits for these: what must happen "at once" happens long before. */
const NEVER_MS = 600_000;

function lot(order: string, first: number, count: number): string {
  const rows = Array.from({ length: count }, (_row, at) => `${order},CL-${first + at},golioth-node\n`);
  return HEAD + rows.join('');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The mark of the line that reads the folder. */
const MARK = '.certline-inbox.json';

/** A drop folder on a real registry. */
class Line {
  readonly state = temporaryFolder();
  readonly folder = join(this.state, 'inbox');
  readonly registry = openRegistryFile(join(this.state, 'registry.db'));
  readonly events: InboxEvent[] = [];
  /** Batches whose workflow was started, in order; `startFails` times it is not to be had. */
  readonly started: string[] = [];
  startFails = 0;
  readonly ended = new Map<string, string>();
  judged = 0;
  #inbox: Inbox | undefined;

  constructor() {
    mkdirSync(this.folder);
    onTestFinished(async () => {
      await this.close();
      await this.registry.close();
    });
  }

  async open(options: Partial<InboxOptions> = {}): Promise<void> {
    const intake = createIntake({
      products: PRODUCTS,
      registered: this.registry,
      askOrder: undefined,
      socketProducts: undefined,
      nameOf: ({ name }) => name,
      stageBatch: async (batchId) => this.registry.stageBatch(batchId),
      startBatch: async ({ batchId }) => {
        if (this.startFails-- > 0) throw new Error('no Temporal server');
        this.started.push(batchId);
        await this.registry.recordStart(batchId);
      },
    });
    this.#inbox = await openInbox({
      folder: this.folder,
      stateFolder: this.state,
      accept: async (copy) => {
        this.judged += 1;
        return intake(copy);
      },
      report: (event) => this.events.push(event),
      endOf: async (batchId: string) => {
        const closedAt = this.ended.get(batchId);
        return closedAt === undefined ? undefined : { closedAt, endedAt: closedAt };
      },
      hasBatch: async (digest) => (await this.registry.batchOf(digest)) !== undefined,
      settleMs: 60,
      incompleteMs: 250,
      pollMs: 40,
      ...options,
    });
  }

  /** What is in the folder, in order, without the mark of its owner that is just being written again. */
  names(): string[] {
    return readdirSync(this.folder)
      .filter((name) => !(name.startsWith(`.${MARK}`) && name.endsWith('.tmp')))
      .toSorted();
  }

  async close(): Promise<void> {
    await this.#inbox?.close();
    this.#inbox = undefined;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  drop(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  /** Drops a file that keeps its time of change of long ago, as `cp -p` and Explorer do. */
  dropOld(name: string, text: string): void {
    const hidden = this.path(`.${name}.part`);
    writeFileSync(hidden, text);
    utimesSync(hidden, 1_700_000_000, 1_700_000_000);
    renameSync(hidden, this.path(name));
  }

  json(name: string): Record<string, unknown> {
    return JSON.parse(readFileSync(this.path(name), 'utf8')) as Record<string, unknown>;
  }

  codes(name: string): string[] {
    return readCsv(this.path(name)).map((row) => row['code'] ?? '');
  }

  /** Waits until `count` files were answered in all, and returns their names. */
  async answered(count: number): Promise<string[]> {
    const names = (): string[] =>
      this.events.flatMap((event) => (event.kind === 'answered' ? event.name : []));
    await vi.waitUntil(() => names().length >= count, { timeout: 10_000, interval: 5 });
    if (names().length > count) throw new Error(`answered ${names().join(', ')}`);
    return names();
  }

  problems(): unknown[] {
    return this.events.flatMap((event) => (event.kind === 'problem' ? event.error : []));
  }
}

describe('a manifest that is dropped', () => {
  it('becomes a batch, is started once, and is answered', async () => {
    const line = new Line();
    await line.open();
    line.drop('lot7.csv', lot('PO-7', 1, 3));
    await line.answered(1);
    const answer = line.json('lot7.accepted.json');
    expect(answer).toMatchObject({ status: 'accepted', order: 'PO-7', rows: 3, file: { name: 'lot7.csv' } });
    expect(line.started).toEqual([answer['batch']]);
    expect(answer['batch']).toMatch(/^PO-7-[0-9a-f]{8}$/);
    expect((await line.registry.chunkRows(line.started[0] ?? '', 1, 250)).map((row) => row.serial)).toEqual([
      'CL-1',
      'CL-2',
      'CL-3',
    ]);
    expect(line.names()).toEqual([MARK, 'lot7.accepted.json', 'lot7.csv']);
    expect(line.problems()).toEqual([]);
  });

  it('with faults is refused with all of them, and has no effect', async () => {
    const line = new Line();
    await line.open();
    line.drop('faulty.csv', readFileSync('manifests/faulty.csv', 'utf8'));
    await line.answered(1);
    expect(line.codes('faulty.rejected.csv')).toHaveLength(12);
    expect(new Set(line.codes('faulty.rejected.csv')).size).toBe(12);
    expect(await line.registry.listBatches()).toEqual([]);
    expect(line.started).toEqual([]);
  });

  it('twice, under two names, does nothing the second time', async () => {
    const line = new Line();
    await line.open();
    line.drop('lot7.csv', lot('PO-7', 1, 3));
    await line.answered(1);
    line.drop('again.csv', lot('PO-7', 1, 3));
    await line.answered(2);
    expect(line.json('again.accepted.json')).toMatchObject({
      status: 'accepted before',
      batch: line.started[0],
      firstManifest: 'lot7.csv',
    });
    expect(line.started).toHaveLength(1);
    expect(await line.registry.listBatches()).toHaveLength(1);
  });

  it('with a serial of an earlier batch is refused, and names that batch', async () => {
    const line = new Line();
    await line.open();
    line.drop('lot7.csv', lot('PO-7', 1, 3));
    await line.answered(1);
    line.drop('lot8.csv', lot('PO-8', 3, 3));
    await line.answered(2);
    const [row, ...others] = readCsv(line.path('lot8.rejected.csv'));
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      line: '2',
      column: 'serial',
      value: 'CL-3',
      code: 'MANIFEST_SERIAL_REGISTERED',
    });
    expect(row?.['expected']).toContain(line.started[0]);
    expect(await line.registry.unit('CL-5')).toBeUndefined();
  });

  it('and replaced by another content is answered again, and an acceptance stays', async () => {
    const line = new Line();
    await line.open();
    line.drop('lot7.csv', lot('po-7', 1, 3));
    await line.answered(1);
    line.drop('lot7.csv', lot('PO-7', 1, 3));
    await line.answered(2);
    expect(line.names()).toEqual([MARK, 'lot7.accepted.json', 'lot7.csv']);
    const acceptance = readFileSync(line.path('lot7.accepted.json'), 'utf8');
    line.drop('lot7.csv', lot('PO 7', 1, 3));
    await line.answered(3);
    expect(line.codes('lot7.rejected.csv')).toHaveLength(3);
    expect(readFileSync(line.path('lot7.accepted.json'), 'utf8')).toBe(acceptance);
    line.drop('lot7.csv', lot('PO-8', 11, 2));
    await line.answered(4);
    const answers = line.names().filter((name) => name.startsWith('lot7.'));
    expect(answers.toSorted()).toEqual([
      expect.stringMatching(/^lot7\.[0-9a-f]{8}\.accepted\.json$/),
      'lot7.accepted.json',
      'lot7.csv',
    ]);
    expect(readFileSync(line.path('lot7.accepted.json'), 'utf8')).toBe(acceptance);
  });

  it('that is saved again without a change stays accepted', async () => {
    const line = new Line();
    await line.open();
    line.drop('lot7.csv', lot('PO-7', 1, 3));
    await line.answered(1);
    utimesSync(line.path('lot7.csv'), 1_700_000_000, 1_700_000_000);
    await line.answered(2);
    expect(line.json('lot7.accepted.json')).toMatchObject({ status: 'accepted', batch: line.started[0] });
    expect(line.started).toHaveLength(1);
  });

  it('and refused leaves no copy behind', async () => {
    const line = new Line();
    await line.open();
    line.drop('bad.csv', lot('po-7', 1, 1));
    line.drop('good.csv', lot('PO-7', 1, 1));
    await line.answered(2);
    expect(readdirSync(join(line.state, 'manifests'))).toHaveLength(1);
  });

  it('with others is dealt with one after the other', async () => {
    const line = new Line();
    let [now, most] = [0, 0];
    await line.open({
      accept: async () => {
        now += 1;
        most = Math.max(most, now);
        await setTimeout(5);
        now -= 1;
        return { status: 'rejected', issues: [], omitted: 0, rows: 0, refusedRows: 0 };
      },
    });
    for (let at = 0; at < 8; at += 1) line.drop(`lot${at}.csv`, lot(`PO-${at}`, at, 1));
    await line.answered(8);
    expect(most).toBe(1);
  });
});

describe('a file that is not finished', () => {
  it('is read when it no longer grows, once, and whole', async () => {
    const line = new Line();
    await line.open({ settleMs: 600 });
    line.drop('lot7.csv', HEAD);
    for (let row = 1; row <= 12; row += 1) {
      appendFileSync(line.path('lot7.csv'), `PO-7,CL-${row},golioth-node\n`);
      await setTimeout(20);
    }
    await line.answered(1);
    expect(line.json('lot7.accepted.json')).toMatchObject({ rows: 12 });
  });

  it('is waited for longer when its last line has no end', async () => {
    const line = new Line();
    await line.open({ incompleteMs: NEVER_MS });
    line.drop('half.csv', `${lot('PO-7', 1, 2)}PO-7,CL-3,gol`);
    line.drop('other.csv', lot('PO-8', 11, 1));
    expect(await line.answered(1)).toEqual(['other.csv']);
    appendFileSync(line.path('half.csv'), 'ioth-node\n');
    expect(await line.answered(2)).toEqual(['other.csv', 'half.csv']);
    expect(line.json('half.accepted.json')).toMatchObject({ rows: 3 });
  });

  it('and stays so is refused in the end, and accepted when the rest comes after all', async () => {
    const line = new Line();
    await line.open();
    line.drop('half.csv', `${lot('PO-7', 1, 2)}PO-7,CL-3,gol`);
    await line.answered(1);
    expect(line.codes('half.rejected.csv')).toEqual(['MANIFEST_PRODUCT_UNKNOWN']);
    appendFileSync(line.path('half.csv'), 'ioth-node\n');
    await line.answered(2);
    expect(line.json('half.accepted.json')).toMatchObject({ rows: 3 });
    expect(existsSync(line.path('half.rejected.csv'))).toBe(false);
  });

  it('is passed over under a temporary name, and read at once when it is renamed', async () => {
    const line = new Line();
    await line.open({ settleMs: NEVER_MS, incompleteMs: NEVER_MS });
    const names = [
      '.lot1.csv.Xy12',
      'lot2.csv.part',
      'lot3.csv.tmp',
      'lot4.csv~',
      '~$lot5.csv',
      '.~lock.lot6.csv#',
    ];
    for (const [at, name] of names.entries()) line.drop(name, lot(`PO-${at}`, at, 1));
    line.drop('old.csv', lot('PO-9', 99, 1));
    utimesSync(line.path('old.csv'), 1_000_000_000, 1_000_000_000);
    expect(await line.answered(1)).toEqual(['old.csv']);
    for (const [at, name] of names.entries()) renameSync(line.path(name), line.path(`lot${at}.csv`));
    await line.answered(7);
    expect(await line.registry.listBatches()).toHaveLength(7);
  });
});

describe('what is no manifest', () => {
  it.each<[string, string, string, (path: string) => void]>([
    ['a link', 'lot.csv', 'MANIFEST_NOT_A_FILE', (path) => symlinkSync('/etc/passwd', path)],
    ['a pipe', 'lot.csv', 'MANIFEST_NOT_A_FILE', (path) => void spawnSync('mkfifo', [path])],
    ['a workbook', 'lot.xlsx', 'MANIFEST_NAME', (path) => writeFileSync(path, 'PK\u0003\u0004')],
    [
      'a workbook with a wrong name',
      'lot.csv',
      'MANIFEST_NOT_TEXT',
      (path) => writeFileSync(path, 'PK\u0003\u0004\n'),
    ],
    ['an empty file', 'lot.csv', 'MANIFEST_EMPTY', (path) => writeFileSync(path, '')],
  ])('%s is answered so', async (_case, name, code, make) => {
    const line = new Line();
    await line.open();
    make(line.path(name));
    await line.answered(1);
    expect(line.codes(`${name.replace('.csv', '')}.rejected.csv`)).toEqual([code]);
  });

  it('is left alone when it is a folder, a note, a digest or an answer', async () => {
    const line = new Line();
    mkdirSync(line.path('done'));
    for (const name of ['README.md', 'x.csv.sha256']) line.drop(name, HEAD);
    line.drop('z.accepted.json', '{}');
    line.drop('x.result.csv', 'order,batch,serial,product,outcome\n');
    line.drop('y.rejected.csv', 'line,column,value\n');
    await line.open();
    line.drop('lot7.csv', lot('PO-7', 1, 1));
    expect(await line.answered(1)).toEqual(['lot7.csv']);
  });
});

describe('an odd name', () => {
  it.each<[string, Buffer, string, string, string]>([
    [
      'with the bytes of Latin-1',
      Buffer.from('caf\u00e9.csv', 'latin1'),
      'caf_',
      'caf\uFFFD.csv',
      'in UTF-8',
    ],
    ['with a line break', Buffer.from('a\nb.csv'), 'a_b', 'a\\u{a}b.csv', 'this one has U+000A'],
    ['with an escape', Buffer.from('\u001b[2Jx.csv'), '_[2Jx', '\\u{1b}[2Jx.csv', 'this one has U+001B'],
    [
      'with a zero-width space',
      Buffer.from('lot\u200B7.csv'),
      'lot',
      'lot\\u{200b}7.csv',
      'this one has U+200B',
    ],
    [
      'of 250 bytes',
      Buffer.from(`${'x'.repeat(246)}.csv`),
      'x'.repeat(80),
      'x'.repeat(80),
      'this one has 250',
    ],
  ])(
    '%s is refused beside the file, under a name that can be shown',
    async (_case, name, begin, shown, expected) => {
      const line = new Line();
      await line.open();
      writeFileSync(Buffer.concat([Buffer.from(`${line.folder}/`), name]), lot('PO-7', 1, 1));
      const [answered = ''] = await line.answered(1);
      expect(answered).toMatch(/^[ -~]+\.[0-9a-f]{8}\.csv$/);
      expect(answered.startsWith(begin)).toBe(true);
      const answer = answered.replace(/csv$/, 'rejected.csv');
      expect(line.codes(answer)).toEqual(['MANIFEST_NAME']);
      expect(readFileSync(line.path(answer), 'utf8')).toContain(shown);
      expect(readFileSync(line.path(answer), 'utf8')).toContain(expected);
    },
  );

  it.each([
    ['of a result', 'x.result.csv', 'x.result.rejected.csv'],
    ['of a rejection', 'x.rejected.csv', 'x.rejected.rejected.csv'],
  ])('%s is refused when the file is a manifest', async (_case, name, answer) => {
    const line = new Line();
    await line.open();
    line.drop(name, lot('PO-7', 1, 1));
    await line.answered(1);
    expect(line.codes(answer)).toEqual(['MANIFEST_NAME']);
  });

  it('with a number sign first is a name like others', async () => {
    const line = new Line();
    await line.open();
    line.drop('#7.csv', lot('PO-7', 1, 1));
    await line.answered(1);
    expect(existsSync(line.path('#7.accepted.json'))).toBe(true);
  });

  it('of a folder, and one without an ending, touch no answer of another file', async () => {
    const line = new Line();
    await line.open();
    line.drop('lot7.csv', lot('PO-7', 1, 1));
    await line.answered(1);
    mkdirSync(line.path('lot8.csv'));
    line.drop('lot7', 'x');
    await line.answered(3);
    expect(line.codes('lot8.rejected.csv')).toEqual(['MANIFEST_NOT_A_FILE']);
    expect(line.codes('lot7.file.rejected.csv')).toEqual(['MANIFEST_NAME']);
    expect(existsSync(line.path('lot7.accepted.json'))).toBe(true);
  });
});

describe('a copy that stalled', () => {
  it('and then grew adds the rest as a batch of its own', async () => {
    const line = new Line();
    await line.open();
    line.drop('lot7.csv', lot('PO-7', 1, 2));
    await line.answered(1);
    appendFileSync(line.path('lot7.csv'), 'PO-7,CL-3,golioth-node\n');
    await line.answered(2);
    const [answer = ''] = line.names().filter((name) => /\.[0-9a-f]{8}\.accepted/.test(name));
    expect(line.json(answer)).toMatchObject({ status: 'accepted', rows: 1, continues: [line.started[0]] });
    expect(line.json('lot7.accepted.json')).toMatchObject({ rows: 2 });
    expect(line.started).toHaveLength(2);
  });

  it('is not accepted when its name says how many units it has', async () => {
    const line = new Line();
    await line.open();
    line.drop('lot7.rows-3.csv', lot('PO-7', 1, 2));
    await line.answered(1);
    expect(line.codes('lot7.rows-3.rejected.csv')).toEqual(['MANIFEST_ROW_COUNT']);
    appendFileSync(line.path('lot7.rows-3.csv'), 'PO-7,CL-3,golioth-node\n');
    await line.answered(2);
    expect(line.json('lot7.rows-3.accepted.json')).toMatchObject({ rows: 3 });
  });

  it('may say in its name how urgent it is, beside what else it says', async () => {
    const line = new Line();
    await line.open();
    line.drop('lot7.rows-2.priority-6.csv', lot('PO-7', 1, 3));
    await line.answered(1);
    const codes = ['MANIFEST_ROW_COUNT', 'MANIFEST_PRIORITY'];
    expect(line.codes('lot7.rows-2.priority-6.rejected.csv')).toEqual(codes);
    line.drop('lot7.priority-2.rows-3.csv', lot('PO-7', 1, 3));
    await line.answered(2);
    expect(line.json('lot7.priority-2.rows-3.accepted.json')).toMatchObject({
      understood: ['Its priority is 2: its units get boards before those of other batches.'],
    });
    line.drop('again.priority-1.csv', lot('PO-7', 1, 3));
    await line.answered(3);
    expect(line.json('again.priority-1.accepted.json')).toMatchObject({
      status: 'accepted before',
      warnings: [
        expect.stringMatching(/was accepted with priority 2\. .*certline batch priority PO-7-\w+ 1$/),
      ],
    });
  });

  it('is not accepted when the file beside it has another digest', async () => {
    const line = new Line();
    await line.open();
    const whole = lot('PO-7', 1, 3);
    const digest = sha256(whole);
    line.drop('lot7.csv.sha256', `${digest}  lot7.csv\n`);
    line.drop('lot7.csv', lot('PO-7', 1, 2));
    await line.answered(1);
    expect(line.codes('lot7.rejected.csv')).toEqual(['MANIFEST_DIGEST']);
    line.drop('lot7.csv', whole);
    await line.answered(2);
    expect(line.json('lot7.accepted.json')).toMatchObject({ rows: 3 });
  });

  it('is not accepted when what it says of itself cannot be read', async () => {
    const line = new Line();
    await line.open();
    line.drop('lot7.rows-1.000.sha256-abc.csv', lot('PO-7', 1, 2));
    await line.answered(1);
    expect(line.codes('lot7.rows-1.000.sha256-abc.rejected.csv')).toEqual([
      'MANIFEST_ROW_COUNT',
      'MANIFEST_DIGEST',
    ]);
    mkdirSync(line.path('lot8.csv.sha256'));
    line.drop('lot8.csv', lot('PO-8', 11, 2));
    await line.answered(2);
    expect(line.codes('lot8.rejected.csv')).toEqual(['MANIFEST_DIGEST']);
  });

  it('waits for the digest beside it while that is written', async () => {
    const line = new Line();
    await line.open();
    const text = lot('PO-7', 1, 3);
    line.drop('lot7.csv.sha256', '');
    line.drop('lot7.csv', text);
    line.drop('lot8.csv', lot('PO-8', 11, 1));
    expect(await line.answered(1)).toEqual(['lot8.csv']);
    await setTimeout(300);
    line.drop('lot7.csv.sha256', `${sha256(text)}  lot7.csv\n`);
    expect(await line.answered(2)).toEqual(['lot8.csv', 'lot7.csv']);
    expect(line.json('lot7.accepted.json')).toMatchObject({ rows: 3 });
  });
});

describe('the folder', () => {
  it('belongs to one line, which is named to the second', async () => {
    const [line, other] = [new Line(), new Line()];
    await line.open();
    await expect(other.open({ folder: line.folder })).rejects.toMatchObject({
      code: 'MANIFEST_INBOX_TAKEN',
      message: expect.stringContaining(line.state),
    });
    await line.close();
    await other.open({ folder: line.folder });
  });

  it('of a line that is gone for a minute is taken', async () => {
    const [line, other] = [new Line(), new Line()];
    await line.open();
    await line.close();
    line.drop(MARK, JSON.stringify({ host: 'gone', line: '/x', since: '2026-01-01T00:00:00.000Z' }));
    utimesSync(line.path(MARK), 1_700_000_000, 1_700_000_000);
    await other.open({ folder: line.folder });
    expect(line.json(MARK)).toMatchObject({ line: other.state });
  });

  it('is cleared of lots that ended, with all of their answers, and of no other file', async () => {
    const line = new Line();
    await line.open({ archiveAfterMs: 50 });
    const text = lot('PO-7', 1, 1);
    line.drop('lot7.csv.SHA256', sha256(text));
    line.drop('lot7.csv', text);
    line.drop('lot7.2.csv', lot('PO-8', 11, 1));
    await line.answered(2);
    line.drop('lot7.result.csv', 'serial,outcome\n');
    const { batch } = line.json('lot7.accepted.json') as { batch: string };
    line.ended.set(batch, '2026-01-02T03:04:05.000Z');
    const folder = join(line.folder, 'done', '2026-01-02', batch);
    await vi.waitUntil(() => existsSync(join(folder, 'lot7.accepted.json')), { timeout: 10_000 });
    expect(readdirSync(folder).toSorted()).toEqual([
      'lot7.accepted.json',
      'lot7.csv',
      'lot7.csv.SHA256',
      'lot7.result.csv',
    ]);
    expect(line.names()).toEqual([MARK, 'done', 'lot7.2.accepted.json', 'lot7.2.csv']);
    expect(await line.answered(2)).toHaveLength(2);
  });
});

it('a manifest with its ending in capitals is archived with its digest', async () => {
  const line = new Line();
  await line.open({ archiveAfterMs: 50 });
  const text = lot('PO-7', 1, 1);
  line.drop('LOT7.CSV.SHA256', sha256(text));
  line.drop('LOT7.CSV', text);
  await line.answered(1);
  const { batch } = line.json('LOT7.CSV.accepted.json') as { batch: string };
  line.ended.set(batch, '2026-01-02T03:04:05.000Z');
  const folder = join(line.folder, 'done', '2026-01-02', batch);
  await vi.waitUntil(() => existsSync(join(folder, 'LOT7.CSV.accepted.json')), { timeout: 10_000 });
  expect(readdirSync(folder).toSorted()).toEqual(['LOT7.CSV', 'LOT7.CSV.SHA256', 'LOT7.CSV.accepted.json']);
});

describe('the name of a lot that ended long ago', () => {
  const LONG_AGO = '2026-01-02T03:04:05.000Z';

  /** A line that has made `lot7.csv` and `lot9.csv`, whose lots have not ended. */
  async function made(): Promise<{ line: Line; end: () => void; archived: () => Promise<void> }> {
    const line = new Line();
    await line.open({ archiveAfterMs: 50 });
    line.drop('lot7.csv', lot('PO-7', 1, 1));
    line.drop('lot9.csv', lot('PO-9', 91, 1));
    await line.answered(2);
    const batches = ['lot7', 'lot9'].map((name) => String(line.json(`${name}.accepted.json`)['batch']));
    return {
      line,
      end: () => {
        for (const batch of batches) line.ended.set(batch, LONG_AGO);
      },
      archived: async () => {
        await until('the other lot is archived', () => !existsSync(line.path('lot9.accepted.json')));
      },
    };
  }

  it('may be used again while the line does not run', async () => {
    const { line, end, archived } = await made();
    await line.close();
    end();
    line.drop('lot7.csv', lot('PO-8', 11, 2));
    await line.open({ archiveAfterMs: 50 });
    await archived();
    await line.answered(3);
    const answer = `lot7.${sha256(lot('PO-8', 11, 2)).slice(0, 8)}.accepted.json`;
    expect(line.names()).toEqual([MARK, 'done', answer, 'lot7.accepted.json', 'lot7.csv'].toSorted());
    expect(line.started).toHaveLength(3);
  });

  it('may be used again by a manifest that waits for its order', async () => {
    const { line, end, archived } = await made();
    line.startFails = 1_000;
    line.drop('lot7.csv', lot('PO-8', 11, 2));
    await until('it waits', () => line.problems().length > 0);
    end();
    await archived();
    expect(line.names()).toEqual([MARK, 'done', 'lot7.accepted.json', 'lot7.csv']);
    line.startFails = 0;
    await line.answered(3);
    expect(line.started).toHaveLength(3);
  });

  it('may be used again by a manifest that is refused, which stays with its answer', async () => {
    const { line, end, archived } = await made();
    line.drop('lot7.csv', lot('po-8', 11, 2));
    await line.answered(3);
    end();
    await archived();
    expect(line.names()).toEqual([MARK, 'done', 'lot7.accepted.json', 'lot7.csv', 'lot7.rejected.csv']);
  });
});

describe('a refused manifest', () => {
  const GOOD = lot('PO-7', 1, 2);
  const BAD = GOOD.replace('golioth', 'unknown');
  /** The order is not there yet. */
  const UNORDERED: Partial<InboxOptions> = {
    accept: async () => rejectedFile(issue('MANIFEST_ORDER_UNKNOWN', { value: 'PO-7' })),
  };

  it('is read again when the same file is dropped again, with its old time', async () => {
    const line = new Line();
    await line.open(UNORDERED);
    line.dropOld('lot7.csv', GOOD);
    await line.answered(1);
    rmSync(line.path('lot7.csv'));
    line.dropOld('other.csv', GOOD);
    await line.answered(2);
    line.dropOld('lot7.csv', GOOD);
    expect(await line.answered(3)).toEqual(['lot7.csv', 'other.csv', 'lot7.csv']);
  });

  it('is read again when it was replaced by the same file, with its old time', async () => {
    const line = new Line();
    await line.open(UNORDERED);
    line.dropOld('lot7.csv', GOOD);
    await line.answered(1);
    line.dropOld('lot7.csv', GOOD);
    expect(await line.answered(2)).toEqual(['lot7.csv', 'lot7.csv']);
  });

  it.each<[string, string, (line: Line) => void]>([
    ['was dropped again, with its old time', GOOD, (line) => rmSync(line.path('lot7.csv'))],
    ['has a correction of the same size and time', BAD, () => undefined],
  ])('is read again when it %s, while the line did not run', async (_what, first, before) => {
    const line = new Line();
    await line.open(first === GOOD ? UNORDERED : {});
    line.dropOld('lot7.csv', first);
    await line.answered(1);
    await line.close();
    before(line);
    line.dropOld('lot7.csv', GOOD);
    await line.open();
    await line.answered(2);
    expect(line.json('lot7.accepted.json')).toMatchObject({ rows: 2 });
  });

  it.each<[string, boolean, (line: Line) => void]>([
    ['corrected', true, (line) => line.drop('lot7.csv.sha256', sha256(GOOD))],
    ['removed', true, (line) => rmSync(line.path('lot7.csv.sha256'))],
    ['corrected while the line did not run', false, (line) => line.drop('lot7.csv.sha256', sha256(GOOD))],
  ])('is read again when the digest beside it is %s', async (_what, isRunning, correct) => {
    const line = new Line();
    await line.open();
    line.drop('lot7.csv.sha256', sha256(BAD));
    line.dropOld('lot7.csv', GOOD);
    await line.answered(1);
    expect(line.codes('lot7.rejected.csv')).toEqual(['MANIFEST_DIGEST']);
    if (!isRunning) await line.close();
    correct(line);
    if (!isRunning) await line.open();
    await line.answered(2);
    expect(line.names()).not.toContain('lot7.rejected.csv');
    expect(line.json('lot7.accepted.json')).toMatchObject({ rows: 2 });
  });

  it('keeps the copy of the batch that was made of it', async () => {
    const line = new Line();
    await line.open();
    line.drop('lot7.csv', GOOD);
    await line.answered(1);
    const [batchId = ''] = line.started;
    await line.registry.endOpenUnits(batchId, 'HOLD', 'CANCELLED');
    await line.registry.closeBatch(batchId);
    await line.registry.freeUnits(batchId, ['CL-1', 'CL-2']);
    line.dropOld('lot7.csv', GOOD);
    await line.answered(2);
    expect(line.codes('lot7.rejected.csv')).toEqual(['MANIFEST_WITHDRAWN']);
    expect(readdirSync(join(line.state, 'manifests'))).toEqual([`${sha256(GOOD)}.csv`]);
  });
});

it('an accepted manifest is not read again when its digest comes late', async () => {
  const line = new Line();
  await line.open();
  line.dropOld('lot7.csv', lot('PO-7', 1, 2).replaceAll('\n', '\r\n').trimEnd());
  await line.answered(1);
  const answer = readFileSync(line.path('lot7.accepted.json'), 'utf8');
  expect(answer).toContain('understood');
  line.drop('lot7.csv.sha256', 'of another file');
  line.drop('other.csv', lot('PO-8', 11, 1));
  await line.answered(2);
  line.drop('another.csv', lot('PO-9', 21, 1));
  await line.answered(3);
  expect(readFileSync(line.path('lot7.accepted.json'), 'utf8')).toBe(answer);
});

describe('after a restart', () => {
  it('an answered file is not read again, and what came or changed meanwhile is', async () => {
    const line = new Line();
    await line.open();
    line.drop('good.csv', lot('PO-7', 1, 1));
    line.drop('bad.csv', lot('po-8', 11, 1));
    line.drop('changed.csv', lot('po-9', 21, 1));
    await line.answered(3);
    await line.close();
    line.drop('changed.csv', lot('PO-9', 21, 1));
    line.drop('new.csv', lot('PO-10', 31, 1));
    line.judged = 0;
    await line.open();
    expect((await line.answered(5)).slice(3).toSorted()).toEqual(['changed.csv', 'new.csv']);
    expect(line.judged).toBe(2);
  });

  it('what a killed process left unfinished is removed, and what may be under way is not', async () => {
    const line = new Line();
    const store = join(line.state, 'manifests');
    mkdirSync(store);
    const [left, fresh] = ['a', 'b'].map(
      (digit) => `.manifest.csv.${digit.repeat(8)}-0000-4000-8000-000000000000.tmp`,
    );
    const files = [
      join(store, left ?? ''),
      join(store, fresh ?? ''),
      line.path(left ?? ''),
      line.path('.other.tmp'),
    ];
    for (const file of files) writeFileSync(file, 'x');
    for (const file of [files[0], files[2], files[3]]) utimesSync(file ?? '', 1_000_000_000, 1_000_000_000);
    await line.open();
    expect(files.map((file) => existsSync(file))).toEqual([false, true, false, true]);
  });

  it('a batch that was stored and not started is started, and answered as accepted', async () => {
    const line = new Line();
    line.startFails = 1;
    await line.open({ pollMs: NEVER_MS });
    line.drop('lot7.csv', lot('PO-7', 1, 1));
    await vi.waitFor(() => expect(line.problems()).toHaveLength(1), { timeout: 10_000 });
    await line.close();
    expect(await line.registry.listBatches()).toHaveLength(1);
    await line.open();
    await line.answered(1);
    expect(line.json('lot7.accepted.json')).toMatchObject({ status: 'accepted', batch: line.started[0] });
    expect(line.started).toHaveLength(1);
  });
});

describe('when the line stumbles', () => {
  it('the file is tried again, and nobody is told that it is bad', async () => {
    const line = new Line();
    line.startFails = 2;
    await line.open();
    line.drop('lot7.csv', lot('PO-7', 1, 1));
    await line.answered(1);
    expect(line.problems()).toHaveLength(2);
    expect(line.events[0]).toMatchObject({ kind: 'problem', name: 'lot7.csv', retryMs: 40 });
    expect(line.events[1]).toMatchObject({ kind: 'problem', name: 'lot7.csv', retryMs: 80 });
    expect(line.started).toHaveLength(1);
  });

  it('a folder in which nothing happens is looked at by the clock alone', async () => {
    const line = new Line();
    // The mark is renewed meanwhile, as each look does.
    const looks = vi.spyOn(InboxHold.prototype, 'check');
    onTestFinished(() => looks.mockRestore());
    await line.open({ pollMs: 300 });
    await until('it is looked at', () => looks.mock.calls.length > 2);
    const [startMs, before] = [performance.now(), looks.mock.calls.length];
    await until('it is looked at for a while', () => looks.mock.calls.length >= before + 3);
    expect(performance.now() - startMs).toBeGreaterThan(500);
  });

  it('a folder that goes away is reported, and watched again when it is back', async () => {
    const line = new Line();
    await line.open();
    rmSync(line.folder, { recursive: true });
    await vi.waitFor(
      () => expect(line.problems()[0]).toMatchObject({ code: 'MANIFEST_INBOX_FAILED' }),
      10_000,
    );
    mkdirSync(line.folder);
    line.drop('lot7.csv', lot('PO-7', 1, 1));
    await line.answered(1);
  });

  it('a folder that cannot be made is an error at once', async () => {
    const line = new Line();
    const folder = join(line.state, 'registry.db', 'inbox');
    await expect(line.open({ folder })).rejects.toMatchObject({ code: 'MANIFEST_INBOX_FAILED' });
  });
});

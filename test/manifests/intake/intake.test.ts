import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { assessManifest } from '../../../manifests/intake/assess-manifest.ts';
import type { Assessment } from '../../../manifests/intake/assess-manifest.ts';
import { copyManifest, manifestStore } from '../../../manifests/intake/copy-manifest.ts';
import type { ManifestCopy } from '../../../manifests/intake/copy-manifest.ts';
import { createIntake } from '../../../manifests/intake/intake.ts';
import type { IntakePorts } from '../../../manifests/intake/intake.ts';
import { validateManifest } from '../../../manifests/check/validate-manifest.ts';
import type { Accepted, Rejected, Verdict } from '../../../manifests/check/verdict.ts';
import type { IssueCode } from '../../../manifests/issue-codes.ts';
import type { OrderQuestion, OrderReply } from '../../../provisioning/order-check.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { temporaryFile, temporaryFolder } from '../../support/temporary-folder.ts';

const PRODUCTS = [
  { name: 'golioth-node', assignment: 'any-board', commonName: '{serial}' },
  { name: 'listed-node', assignment: 'listed-board', commonName: '{serial}' },
] as const;
const HEAD = 'order,serial,product,board_id\n';

class Desk {
  readonly state = temporaryFolder();
  readonly registry = openRegistryFile(join(this.state, 'registry.db'));
  readonly started: string[] = [];
  readonly ports: IntakePorts = {
    products: PRODUCTS,
    registered: this.registry,
    askOrder: undefined,
    socketProducts: undefined,
    nameOf: ({ name }) => name,
    stageBatch: async (batchId) => this.registry.stageBatch(batchId),
    startBatch: async ({ batchId }) => {
      this.started.push(batchId);
      await this.registry.recordStart(batchId);
    },
  };

  constructor() {
    onTestFinished(() => this.registry.close());
  }

  async copy(text: string | Buffer, name = 'lot.csv'): Promise<ManifestCopy> {
    const result = await copyManifest(temporaryFile(text, name), this.state);
    if ('refused' in result) throw new Error(result.refused.code);
    return result.copy;
  }

  async intake(text: string | Buffer, ports: Partial<IntakePorts> = {}): Promise<Verdict> {
    return createIntake({ ...this.ports, ...ports })(await this.copy(text));
  }

  async intakeAs(name: string, text: string): Promise<Verdict> {
    return createIntake(this.ports)(await this.copy(text, name));
  }

  /** As `certline validate` does: its copy is alone in a folder. */
  async validate(text: string): Promise<Assessment> {
    const result = await copyManifest(temporaryFile(text, 'lot.csv'), temporaryFolder());
    if ('refused' in result) throw new Error(result.refused.code);
    return await assessManifest(result.copy, this.ports);
  }
}

function faultsOf(verdict: Verdict | Assessment): string[] {
  const { issues } = verdict as Rejected;
  return issues.map(({ line, column, code }) => `${line}:${column}:${code.slice('MANIFEST_'.length)}`);
}

describe('intake', () => {
  it('takes the example', async () => {
    const desk = new Desk();
    expect(await desk.intake(readFileSync('manifests/example.csv'))).toMatchObject({
      status: 'accepted',
      rows: 24,
    });
    expect(desk.started).toHaveLength(1);
  });

  it('finds serials and boards of earlier batches, whatever their case, together with the other faults', async () => {
    const desk = new Desk();
    await desk.intake(`${HEAD}PO-1,CL-1,listed-node,aa01\nPO-1,CL-2,listed-node,aa02\n`);
    const verdict = await desk.intake(
      `${HEAD}PO-2,CL-3,listed-node,AA01\nPO-2,CL-4,golioth-nod,\nPO-2,CL-2,listed-node,aa02\nPO-2,CL-5,golioth-node,\n`,
    );
    expect(faultsOf(verdict)).toEqual([
      '2:board_id:BOARD_ID_REGISTERED',
      '3:product:PRODUCT_UNKNOWN',
      '4:serial:SERIAL_REGISTERED',
      '4:board_id:BOARD_ID_REGISTERED',
    ]);
    expect(verdict).toMatchObject({ rows: 4, refusedRows: 3, omitted: 0 });
    expect(desk.started).toHaveLength(1);
  });

  it('has one fault for a block of rows that an earlier batch has', async () => {
    const desk = new Desk();
    const rowsOf = (order: string, from: number, count: number): string =>
      Array.from({ length: count }, (_row, at) => `${order},CL-${from + at},golioth-node,\n`).join('');
    for (const order of ['PO-1', 'PO-2'])
      await desk.intake(HEAD + rowsOf(order, order === 'PO-1' ? 1_000 : 2_000, 30));
    const verdict = await desk.intake(
      HEAD +
        rowsOf('PO-3', 3_000, 50) +
        rowsOf('PO-3', 1_010, 20) +
        rowsOf('PO-3', 2_000, 5) +
        rowsOf('PO-3', 3_050, 50) +
        rowsOf('PO-3', 2_007, 1),
    );
    expect(verdict).toMatchObject({ rows: 126, refusedRows: 26, omitted: 0 });
    const found = (verdict as Rejected).issues.map(
      ({ line, expected }) =>
        [line, /PO-\d/.exec(expected)?.[0], /; the same.*$/.exec(expected)?.[0]] as const,
    );
    expect(found).toEqual([
      [52, 'PO-1', '; the same in 19 more CSV rows, up to line 71'],
      [72, 'PO-2', '; the same in 4 more CSV rows, up to line 76'],
      [127, 'PO-2', undefined],
    ]);
  });

  it('lists 1,000 faults in the order of the lines and counts the rest', async () => {
    const desk = new Desk();
    // Fewer than half of the rows, so that they have no common cause.
    const text =
      HEAD +
      Array.from({ length: 1_600 }, (_row, at) => `PO-1,cl-${at},golioth-node,\n`).join('') +
      Array.from({ length: 1_700 }, (_row, at) => `PO-1,CL-B${at},golioth-node,\n`).join('');
    const verdict = await desk.intake(text);
    expect(verdict).toMatchObject({ status: 'rejected', omitted: 600, rows: 3_300, refusedRows: 1_600 });
    expect((verdict as Rejected).issues.map((found) => found.line)).toEqual(
      Array.from({ length: 1_000 }, (_issue, at) => at + 2),
    );
  });

  it('takes the serials of two racing manifests for one of them', async () => {
    const desk = new Desk();
    const [one, other] = [
      `${HEAD}PO-1,CL-1,golioth-node,\nPO-1,CL-2,golioth-node,\n`,
      `${HEAD}PO-2,CL-2,golioth-node,\nPO-2,CL-3,golioth-node,\n`,
    ];
    // The second is taken when the first is about to be stored.
    const verdict = await desk.intake(one, {
      stageBatch: async (batchId) => {
        await desk.intake(other);
        return desk.registry.stageBatch(batchId);
      },
    });
    expect(faultsOf(verdict)).toEqual(['3:serial:SERIAL_REGISTERED']);
    expect((await desk.registry.listBatches()).map((batch) => batch.order)).toEqual(['PO-2']);
  });

  it('takes the serials and boards of a withdrawn batch from a corrected manifest, not from the same one', async () => {
    const desk = new Desk();
    const wrong = `${HEAD}PO-1,CL-1,listed-node,aa01\nPO-1,CL-2,listed-node,aa02\n`;
    const { batchId } = (await desk.intake(wrong)) as Accepted;
    const refused = (await desk.intake(wrong.replaceAll('PO-1', 'PO-2'))) as Rejected;
    expect(refused.issues[0]!.expected).toContain(`this one is in batch ${batchId}`);
    await desk.registry.endOpenUnits(batchId, 'HOLD', 'CANCELLED');
    await desk.registry.freeUnits(batchId, ['CL-1', 'CL-2']);
    const again = (await desk.intake(wrong)) as Rejected;
    expect(again.issues).toMatchObject([{ code: 'MANIFEST_WITHDRAWN', value: batchId }]);
    expect(again.issues[0]!.expected).toContain(`certline batch rerun ${batchId} --ended`);
    expect(await desk.intake(wrong.replace('aa02', 'aa03'))).toMatchObject({ status: 'accepted', rows: 2 });
  });

  it('validates without any effect', async () => {
    const desk = new Desk();
    const good = await validateManifest('manifests/example.csv', PRODUCTS, desk.registry);
    expect(good).toMatchObject({ count: 0, rows: 24, order: 'PO-1001' });
    const bad = await validateManifest('manifests/faulty.csv', PRODUCTS, desk.registry);
    expect(bad).toMatchObject({ count: 12, rows: 14, refusedRows: 12 });
    expect(await desk.registry.listBatches()).toEqual([]);
  });
});

describe('what a manifest says of itself', () => {
  const HALF = `${HEAD}PO-1,CL-1,golioth-node,\nPO-1,CL-2,golioth-node,\n`;
  const MORE = `${HALF}PO-1,CL-3,golioth-node,\n`;

  it('counts where the same content was accepted before, too', async () => {
    const desk = new Desk();
    await desk.intakeAs('lot7.csv', HALF);
    expect(faultsOf(await desk.intakeAs('lot7b.rows-3.csv', HALF))).toEqual(['0::ROW_COUNT']);
    expect(faultsOf(await desk.intakeAs('lot7c.sha256-00000000.csv', HALF))).toEqual(['0::DIGEST']);
    expect(faultsOf(await desk.intakeAs('lot7d.priority-9.csv', HALF))).toEqual(['0::PRIORITY']);
    const source = temporaryFile(HALF, 'lot7e.csv');
    writeFileSync(`${source}.sha256`, '0'.repeat(64));
    const result = await copyManifest(source, desk.state);
    expect(faultsOf(await createIntake(desk.ports)((result as { copy: ManifestCopy }).copy))).toEqual([
      '0::DIGEST',
    ]);
    expect(await desk.intakeAs('lot7f.rows-2.priority-2.csv', HALF)).toMatchObject({ status: 'accepted' });
    expect(desk.started).toHaveLength(1);
  });

  it('is the number of units of the file, not that of the batch which has the new ones of it', async () => {
    const desk = new Desk();
    await desk.intakeAs('lot7.csv', HALF);
    expect(await desk.intakeAs('lot8.csv', MORE)).toMatchObject({ status: 'accepted', rows: 1 });
    expect(await desk.intakeAs('lot8.rows-3.csv', MORE)).toMatchObject({ status: 'accepted', rows: 1 });
    expect(faultsOf(await desk.intakeAs('lot8.rows-1.csv', MORE))).toEqual(['0::ROW_COUNT']);
  });

  it('is said beside the reason why a withdrawn manifest is not made again', async () => {
    const desk = new Desk();
    const { batchId } = (await desk.intakeAs('lot7.csv', HALF)) as Accepted;
    await desk.registry.endOpenUnits(batchId, 'HOLD', 'CANCELLED');
    await desk.registry.freeUnits(batchId, ['CL-1', 'CL-2']);
    expect(faultsOf(await desk.intakeAs('lot7.rows-3.csv', HALF))).toEqual(['0::ROW_COUNT', '0::WITHDRAWN']);
  });
});

describe('a manifest that extends an earlier one', () => {
  const FIRST = `${HEAD}PO-1,CL-1,golioth-node,\nPO-1,CL-2,golioth-node,\n`;

  it('adds its new units, whatever the order of its columns', async () => {
    const desk = new Desk();
    const { batchId } = (await desk.intake(FIRST)) as Accepted;
    const verdict = await desk.intake(
      'serial;order;product\nCL-3;PO-1;golioth-node\nCL-2;PO-1;golioth-node\nCL-1;PO-1;golioth-node\n',
    );
    expect(verdict).toMatchObject({ status: 'accepted', rows: 1, continues: [batchId] });
    expect((await desk.registry.unit('CL-3'))?.batchId).toBe(desk.started[1]);
    expect((await desk.registry.unit('CL-1'))?.batchId).toBe(batchId);
  });

  it('and has nothing new does nothing', async () => {
    const desk = new Desk();
    const { batchId } = (await desk.intake(FIRST)) as Accepted;
    expect(await desk.intake(FIRST.replaceAll('\n', '\r\n'))).toMatchObject({
      status: 'accepted',
      batchId,
      rows: 2,
    });
    expect(desk.started).toHaveLength(1);
  });

  it.each<[string, string, string]>([
    ['another attribute', 'CL-2,golioth-node,,B', 'attr.rev is not the same'],
    ['one attribute less', 'CL-2,golioth-node,,', 'attr.rev is not the same'],
    ['another product and board', 'CL-2,listed-node,aa02,A', 'product and board_id are not the same'],
  ])('with another row for an earlier unit is refused, and the row named: %s', async (_what, row, says) => {
    const desk = new Desk();
    const head = 'order,serial,product,board_id,attr.rev\nPO-1,CL-1,golioth-node,,A\n';
    const { batchId } = (await desk.intake(`${head}PO-1,CL-2,golioth-node,,A\n`)) as Accepted;
    const changed = `${head}PO-1,${row}\nPO-1,CL-3,golioth-node,,A\n`;
    expect(faultsOf(await desk.intake(changed))).toEqual(['3:serial:ROW_CHANGED']);
    expect(faultsOf(await desk.validate(changed))).toEqual(['3:serial:ROW_CHANGED']);
    expect(await desk.validate(changed)).toMatchObject({
      issues: [{ expected: expect.stringContaining(`in batch ${batchId}`) }],
    });
    expect(await desk.validate(changed)).toMatchObject({
      issues: [{ expected: expect.stringContaining(says) }],
    });
  });

  it('with another column for all earlier units is refused once', async () => {
    const desk = new Desk();
    const lot = (end: string): string =>
      Array.from({ length: 1_200 }, (_, at) => `PO-1,CL-${1_000 + at},golioth-node${end}\n`).join('');
    await desk.intake(`order,serial,product\n${lot('')}`);
    const refused = await desk.intake(`order,serial,product,attr.colour\n${lot(',red')}`);
    expect(refused).toMatchObject({ omitted: 0, rows: 1_200, refusedRows: 1_200 });
    expect(faultsOf(refused)).toEqual(['2:serial:ROW_CHANGED']);
    expect((refused as Rejected).issues[0]?.expected).toContain(
      'attr.colour is not the same; the same in 1199 more CSV rows, up to line 1201',
    );
  });

  it('with another board for an earlier unit is refused', async () => {
    const desk = new Desk();
    await desk.intake(`${HEAD}PO-1,CL-1,listed-node,aa01\n`);
    const changed = `${HEAD}PO-1,CL-1,listed-node,aa09\nPO-1,CL-2,listed-node,aa02\n`;
    expect(faultsOf(await desk.intake(changed))).toEqual(['2:serial:ROW_CHANGED']);
  });

  it('is judged the same where nobody has the copy of the earlier one', async () => {
    const desk = new Desk();
    const { batchId } = (await desk.intake(FIRST)) as Accepted;
    const second = `${FIRST}PO-1,CL-3,golioth-node,\n`;
    expect(await desk.validate(second)).toMatchObject({ status: 'valid', rows: 1, continues: [{ batchId }] });
    expect(await desk.validate(FIRST.replaceAll('\n', '\r\n'))).toMatchObject({
      status: 'known',
      batch: { batchId },
    });
    // Another orchestrator takes over, which shares the registry and no disk.
    rmSync(manifestStore(desk.state), { recursive: true });
    const added = (await desk.intake(second)) as Accepted;
    expect(added).toMatchObject({ status: 'accepted', rows: 1, continues: [batchId] });
    expect(await desk.validate(`${second}PO-1,CL-4,golioth-node,\n`)).toMatchObject({
      rows: 1,
      continues: [{ batchId: added.batchId }, { batchId }],
    });
  });

  it('need not have units that were freed, and may have them with other cells', async () => {
    const desk = new Desk();
    const { batchId } = (await desk.intake(`${FIRST}PO-1,CL-3,golioth-node,\n`)) as Accepted;
    await desk.registry.recordOutcome({
      batchId,
      serial: 'CL-1',
      attempt: 1,
      step: 'flashCredentials',
      code: 'SMP_TIMEOUT',
      stationId: 'st-1',
      socket: 'A1',
      boardId: 'aa01',
      outcome: 'FAIL',
    });
    await desk.registry.endOpenUnits(batchId, 'HOLD', 'CANCELLED');
    await desk.registry.freeUnits(batchId, ['CL-2', 'CL-3']);
    const corrected = `${HEAD}PO-1,CL-1,golioth-node,\nPO-1,CL-2,listed-node,aa02\n`;
    expect(await desk.intake(corrected)).toMatchObject({
      status: 'accepted',
      rows: 1,
      continues: [batchId],
    });
  });

  it('but lacks one of its units is refused: it has serials of another lot', async () => {
    const desk = new Desk();
    await desk.intake(FIRST);
    expect(faultsOf(await desk.intake(`${HEAD}PO-1,CL-2,golioth-node,\nPO-1,CL-3,golioth-node,\n`))).toEqual([
      '2:serial:SERIAL_REGISTERED',
    ]);
  });
});

describe('the order of a manifest', () => {
  const LOT = `${HEAD}PO-1,CL-1,golioth-node,\nPO-1,CL-2,golioth-node,\n`;

  it.each<[string, IssueCode]>([
    ['ORDER_UNKNOWN', 'MANIFEST_ORDER_UNKNOWN'],
    ['ORDER_NOT_OPEN', 'MANIFEST_ORDER_NOT_OPEN'],
    ['ORDER_EXPIRED', 'MANIFEST_ORDER_EXPIRED'],
    ['ORDER_CLOSED', 'MANIFEST_ORDER_CLOSED'],
    ['QUOTA_EXCEEDED', 'MANIFEST_ORDER_QUANTITY'],
    ['ORDER_MISMATCH', 'MANIFEST_ORDER_MISMATCH'],
  ])(
    'that the signer refuses with %s is refused at the drop, and no serial is taken',
    async (code, expected) => {
      const desk = new Desk();
      const askOrder = async (): Promise<OrderReply> => ({ status: 'refused', code, message: 'Because.' });
      const verdict = (await desk.intake(LOT, { askOrder })) as Rejected;
      const says = 'Because. If the file is right, send this answer to the person who signs the orders.';
      expect(verdict.issues).toMatchObject([{ code: expected, value: 'PO-1', expected: says }]);
      expect(await desk.registry.listBatches()).toEqual([]);
      expect(await desk.intake(LOT)).toMatchObject({ status: 'accepted' });
    },
  );

  it('is asked with the open batches beside it, and page by page where it lists serials', async () => {
    const desk = new Desk();
    await desk.intake(`${HEAD}PO-1,CL-9,golioth-node,\n`);
    const asked: OrderQuestion[] = [];
    const askOrder = async (question: OrderQuestion): Promise<OrderReply> => {
      asked.push(question);
      return { status: 'allowed', listed: true };
    };
    expect(await desk.intake(LOT, { askOrder })).toMatchObject({ status: 'accepted', rows: 2 });
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatchObject({
      order: 'PO-1',
      quantity: 2,
      products: ['golioth-node'],
      open: [{ batchId: desk.started[0], quantity: 1 }],
      units: [],
    });
    expect(asked[1]?.units.map(({ serial }) => serial)).toEqual(['CL-1', 'CL-2']);
  });

  it('warns of a product that no socket takes', async () => {
    const desk = new Desk();
    const verdict = await desk.intake(LOT, { socketProducts: new Set(['listed-node']) });
    expect(verdict).toMatchObject({ warnings: [expect.stringContaining('product golioth-node')] });
  });
});

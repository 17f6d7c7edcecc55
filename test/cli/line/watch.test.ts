import { expect, it } from 'vitest';
import { registryPath } from '../../../line/state-folder.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { newBatch, rowsOf } from '../../registry/record/opened.ts';
import { newPlace } from '../../support/certline.ts';
import { startAtTerminal } from '../../support/terminal.ts';
import { until } from '../../support/until.ts';

const [FIRST, SECOND] = ['PO-1001-SHENZHEN-A-LONG-ORDER-a3eb0579', 'PO-1002-SHENZHEN-A-LONG-ORDER-77c01d2e'];

it('fills the screen, stays between lots, draws again at another size, and gives the terminal back', async () => {
  const place = newPlace();
  const registry = openRegistryFile(registryPath(place.state));
  const watch = startAtTerminal(place, ['watch']);
  const shows = async (what: string): Promise<void> => {
    const from = watch.screen().length;
    await until(`it shows ${what}`, () => watch.screen().slice(from).includes(what));
  };
  await shows('No lot is open.');
  expect(watch.bytes()).toContain('\u001b[?1049h');
  await registry.importBatch({ ...newBatch('1001', 1), batchId: FIRST }, rowsOf(['CL-000001']));
  await shows(FIRST);
  await registry.endOpenUnits(FIRST, 'HOLD', 'BATCH_CLOSED');
  await registry.closeBatch(FIRST);
  await shows(`Ended last:  ${FIRST}`);
  await registry.importBatch({ ...newBatch('1002', 1), batchId: SECOND }, rowsOf(['CL-000002']));
  await shows(SECOND);
  await registry.close();
  watch.resize(50, 6);
  await shows('rows above');
  expect(watch.bytes()).not.toContain('\u001b[?1049l');
  watch.press('q');
  expect(await watch.ended).toBe(0);
  expect(watch.bytes().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
});

it('needs a terminal', async () => {
  const { status, stderr } = await newPlace().certline('watch');
  expect(status).toBe(2);
  expect(stderr).toContain('"certline line status"');
});

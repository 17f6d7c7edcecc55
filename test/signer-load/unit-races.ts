import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import type { UnitRow } from '../../provisioning/unit.ts';
import { boardNamed, requestOf } from './load-station.ts';
import type { RandomSeries } from './random-series.ts';
import { attemptOf, pass, scrap, signSomehow } from './unit-steps.ts';
import type { BatchScene } from './unit-steps.ts';

/** Two serials that ask for one board: the second has overwritten the first, which needs another board. */
export async function boardTaken(
  scene: BatchScene,
  [first, second]: readonly [UnitRow, UnitRow],
  random: RandomSeries,
): Promise<void> {
  const boardId = boardNamed(`${first.serial}+${second.serial}`);
  const [station, other] = scene.line.stations;
  const before = await signSomehow(
    scene,
    { unit: attemptOf(scene, first, 1), boardId, station: station! },
    random,
  );
  const thief = requestOf(attemptOf(scene, second, 1), { station: other!, boardId });
  scene.line.expectRefused('a board of another station', await scene.line.sign(thief), 'BOARD_BOUND');
  const taker = await signSomehow(
    scene,
    { unit: attemptOf(scene, second, 1), boardId, station: station! },
    random,
  );
  if (before === undefined || taker === undefined) {
    scene.line.surprises.push(`${first.serial} and ${second.serial} were not signed`);
    return;
  }
  scene.line.expectRefused(
    'a board that was taken',
    await scene.line.sign(before.input),
    'CERTIFICATE_WITHDRAWN',
  );
  await pass(scene, taker);
  const again = attemptOf(scene, first, 2);
  const moved = await signSomehow(scene, { unit: again, boardId: boardNamed(first.serial) }, random);
  await (moved === undefined ? scrap(scene, again, before.input, random) : pass(scene, moved));
}

/** Three attempts of one serial at once, each with its key: whatever becomes of two of them, the last one counts. */
export async function raceOfAttempts(scene: BatchScene, row: UnitRow, random: RandomSeries): Promise<void> {
  const { line } = scene;
  const inputs = [1, 2, 3].map((attempt) =>
    requestOf(attemptOf(scene, row, attempt), {
      station: random.pick(line.stations),
      boardId: row.boardId ?? boardNamed(`${row.serial}/${attempt}`),
    }),
  );
  const answers = await Promise.all(inputs.map((input) => line.sign(input)));
  for (const answer of answers.slice(0, -1)) {
    if ('value' in answer) continue;
    const lost = ['ALREADY_ISSUED', 'CERTIFICATE_WITHDRAWN', 'QUOTA_EXCEEDED'];
    line.expectRefused('a lost race', answer, ...lost);
  }
  const last = answers.at(-1)!;
  const input = inputs.at(-1)!;
  if ('value' in last) return await pass(scene, { input, key: generateDeviceKey(), certificate: last.value });
  line.expectRefused('the last of a race', last, 'QUOTA_EXCEEDED');
  const signed = inputs.findLast((_input, at) => 'value' in answers[at]!);
  await scrap(scene, input.unit, undefined, random, signed);
}

/** The unit is given up while its certificate is being signed. */
export async function withdrawnWhileSigning(
  scene: BatchScene,
  row: UnitRow,
  random: RandomSeries,
): Promise<void> {
  const { line } = scene;
  const unit = attemptOf(scene, row, 1);
  const boardId = row.boardId ?? boardNamed(row.serial);
  const input = requestOf(unit, { station: random.pick(line.stations), boardId });
  const [answer] = await Promise.all([line.sign(input), scrap(scene, unit, undefined, random, input)]);
  if ('code' in answer) line.expectRefused('withdrawn meanwhile', answer, 'CERTIFICATE_WITHDRAWN');
  line.expectRefused('withdrawn for good', await line.sign(input), 'CERTIFICATE_WITHDRAWN');
}

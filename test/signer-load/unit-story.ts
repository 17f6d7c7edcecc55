import type { SignCertificateInput } from '../../provisioning/signing.ts';
import type { UnitRow } from '../../provisioning/unit.ts';
import { overask, sendBadRequests, sendKeyAgain } from './bad-requests.ts';
import type { BadRequestScene } from './bad-requests.ts';
import type { LoadLine } from './load-line.ts';
import { boardNamed, requestOf } from './load-station.ts';
import type { RandomSeries } from './random-series.ts';
import { raceOfAttempts, withdrawnWhileSigning } from './unit-races.ts';
import { attemptOf, pass, scrap, signSomehow } from './unit-steps.ts';
import type { BatchScene, Signed } from './unit-steps.ts';

const ATTEMPTS_AT_MOST = 4;

/**
 * One unit on its way, from its first request to PASS, or to FAIL or HOLD with nothing live behind it: good requests once,
 * again or several at once, new attempts, bad requests between them, holds and withdrawals.
 */
export async function unitStory(scene: BatchScene, row: UnitRow, random: RandomSeries): Promise<void> {
  const { line } = scene;
  if (random.chance(0.04)) return await raceOfAttempts(scene, row, random);
  if (random.chance(0.04)) return await withdrawnWhileSigning(scene, row, random);
  let earlier: SignCertificateInput | undefined;
  for (let attempt = 1; ; attempt++) {
    const unit = attemptOf(scene, row, attempt);
    const boardId = row.boardId ?? boardNamed(`${row.serial}/${random.chance(0.7) ? 1 : attempt}`);
    await disturb({ ...scene, unit, boardId, station: random.pick(line.stations), random });
    const signed = await signSomehow(scene, { unit, boardId }, random);
    if (signed === undefined) return await scrap(scene, unit, undefined, random, earlier);
    earlier = signed.input;
    await askOtherwise(scene, signed, random);
    const fate = random.next();
    if (fate < 0.05) await holdForAWhile(line, signed);
    if (fate < 0.75) return await pass(scene, signed);
    if (fate > 0.93 || attempt === ATTEMPTS_AT_MOST) return await scrap(scene, unit, signed.input, random);
    if (fate < 0.8) await revokeByHand(line, signed, random);
  }
}

async function disturb(scene: BadRequestScene): Promise<void> {
  const { line, random } = scene;
  // A ledger that never signed cannot tell that its clock went back.
  if (line.passed.size === 0) return;
  if (random.chance(0.3)) await sendBadRequests(scene);
  if (random.chance(0.02)) await overask(scene);
}

/** Requests beside a signed one: the same id with other contents, an attempt that is over, the key for another serial. */
async function askOtherwise(scene: BatchScene, { input, key }: Signed, random: RandomSeries): Promise<void> {
  const { line, passed } = scene;
  const { unit, claim, requestId } = input;
  const [station, boardId] = [random.pick(line.stations), claim.boardId];
  if (random.chance(0.1)) {
    const other = requestOf(unit, { station, boardId, requestId });
    line.expectRefused('other contents', await line.sign(other), 'REQUEST_CONFLICT');
  }
  if (random.chance(0.1)) {
    const attempt = 1 + random.below(unit.attempt);
    const late = requestOf({ ...unit, attempt }, { station, boardId });
    line.expectRefused('an attempt that is over', await line.sign(late), 'ALREADY_ISSUED');
  }
  if (passed.length === 0 || !random.chance(0.06)) return;
  const other = random.pick(passed);
  const victim = { ...other.unit, attempt: 99 };
  await sendKeyAgain({ ...scene, unit: victim, boardId: other.claim.boardId, station, random }, key);
}

async function holdForAWhile(line: LoadLine, { input }: Signed): Promise<void> {
  const { requestId } = input;
  line.expectDone('hold', await line.client.ask('hold', { requestId }));
  line.expectDone('end of hold', await line.client.ask('endHold', { requestId }));
}

async function revokeByHand(line: LoadLine, { input }: Signed, random: RandomSeries): Promise<void> {
  const reason = random.pick(['keyCompromise', 'superseded', 'cessationOfOperation'] as const);
  const { requestId } = input;
  line.expectDone('revoke', await line.client.ask('revokeByHand', { requestId, reason }));
  line.expectRefused('a revoked one', await line.sign(input), 'CERTIFICATE_WITHDRAWN');
}

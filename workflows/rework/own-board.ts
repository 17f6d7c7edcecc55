import { ActivityFailure, log } from '@temporalio/workflow';
import type { ReworkUnitInput } from '../../provisioning/rework.ts';
import { attemptsOnOwnBoard } from '../steps.ts';
import { renewOldPermit } from '../unit/obtain-permit.ts';
import { deliver } from '../unit/unit-delivery.ts';
import { UnitPassage } from '../unit/unit-passage.ts';

/** A renewal that is given up: the board gets the old certificate again, if it is in a socket. */
export async function restoreCertificate(
  { unit: old }: ReworkUnitInput,
  reached: UnitPassage,
): Promise<void> {
  const { serial, heldBoardId: boardId, oldSpkiSha256: spkiSha256 } = old;
  try {
    await renewOldPermit(reached);
    const { batchId, order, attempt } = reached.unit;
    const permit = reached.permit && { permit: reached.permit };
    const passage = new UnitPassage({ batchId, order, unit: old }, () => undefined, attempt);
    const { unit } = passage;
    passage.keypair = await attemptsOnOwnBoard(serial).requestRenewal({
      unit,
      boardId,
      spkiSha256,
      ...permit,
    });
    const facts = { certificateSerial: '', notBefore: '', notAfter: '' };
    passage.signed = { certificate: old.oldCertificate, fingerprint: old.oldFingerprint, ...facts };
    await deliver(passage);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.warn('the board of a renewal that was given up does not hold the old certificate', { serial });
  }
}

/** A unit that is scrapped: its board is wiped if it is in a socket now. */
export async function wipeIfSeated(
  { unit: old }: ReworkUnitInput,
  { unit, permit }: UnitPassage,
): Promise<void> {
  const { serial, heldBoardId: boardId } = old;
  try {
    await attemptsOnOwnBoard(serial).wipeBoard({ unit, boardId, ...(permit && { permit }) });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.info('the board of a scrapped unit was not wiped', { serial });
  }
}

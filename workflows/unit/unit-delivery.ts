import { STATION_SILENCES } from '../../provisioning/timeouts.ts';
import type { VerifiedReadback } from '../../provisioning/delivery.ts';
import { showTrouble } from '../search-attributes.ts';
import { codeOfStepFailure, wasNeverTaken } from './step-failure.ts';
import { station } from '../steps.ts';
import type { UnitPassage } from './unit-passage.ts';

/** A board that reads back wrong is written once more: a bad write is more likely than a bad board. */
const WRITES = 2;

/** Steps 3 and 4: the certificate is written and both files are read back from the device. */
export async function deliver(passage: UnitPassage): Promise<VerifiedReadback> {
  for (let write = 1; ; write++) {
    await atStation(passage, 'flashCredentials', (at) => at.flashCredentials(passage.delivery()));
    try {
      return await atStation(passage, 'verifyReadback', (at) => at.verifyReadback(passage.delivery()));
    } catch (error) {
      if (write === WRITES || codeOfStepFailure(error, passage.step) !== 'READ_BACK_DIFFERS') throw error;
    }
  }
}

/** Step 4 once more, of a board that was proven: the station remembers the proof. */
export async function proveAgain(passage: UnitPassage): Promise<VerifiedReadback> {
  return await atStation(passage, 'verifyReadback', (at) => at.verifyReadback(passage.delivery()));
}

/**
 * A step at the station that holds the board. A station that does not take its task is shown as unreachable and the
 * task is offered again: nothing has happened, the board is still in its socket, and the station may be about to start.
 */
async function atStation<T>(
  passage: UnitPassage,
  step: 'flashCredentials' | 'verifyReadback',
  run: (at: ReturnType<typeof station>) => Promise<T>,
): Promise<T> {
  passage.begin(step);
  const { stationId, socket } = passage.delivery().claim;
  for (let silence = 1; ; silence++) {
    try {
      const result = await run(station(step, { stationId, socket }));
      if (silence > 1) {
        showTrouble({});
        passage.setStationSilent(false);
      }
      return result;
    } catch (error) {
      if (!wasNeverTaken(error) || silence === STATION_SILENCES) throw error;
      if (silence === 1) {
        showTrouble({ step, error: 'STATION_UNREACHABLE', station: stationId });
        passage.setStationSilent(true);
      }
    }
  }
}

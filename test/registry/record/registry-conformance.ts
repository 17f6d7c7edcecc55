import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { describeLateAnswers } from './late-answers-conformance.ts';
import { describeNotices } from './notices-conformance.ts';
import { describeOutbox } from './outbox-conformance.ts';
import { describeRejectedBoards } from './rejected-boards-conformance.ts';
import { describeReworks } from './reworks-conformance.ts';
import { describeRevocations } from './revocations-conformance.ts';
import { describeSignerLogs } from './signer-logs-conformance.ts';
import { describeSupplements } from './supplements-conformance.ts';
import { describeUnits } from './units-conformance.ts';
import { describeUnregistered } from './unregistered-conformance.ts';

/** What every registry must do, whatever database it stands on. `opened` gives an empty one, which it closes. */
export function describeRegistry(opened: () => Promise<SqlRegistry>): void {
  describeUnits(opened);
  describeSupplements(opened);
  describeReworks(opened);
  describeRevocations(opened);
  describeRejectedBoards(opened);
  describeSignerLogs(opened);
  describeOutbox(opened);
  describeUnregistered(opened);
  describeNotices(opened);
  describeLateAnswers(opened);
}

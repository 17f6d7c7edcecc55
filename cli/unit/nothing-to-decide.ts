import type { UnitVerdict } from '../../provisioning/decision.ts';
import type { UnitRecord } from '../../registry/registry.ts';

/** How a unit stands of which no workflow waits for a decision: by its record, or by its workflow alone. */
export interface UnitStanding {
  readonly serial: string;
  readonly outcome: UnitRecord['outcome'];
  /** How its workflow ended, where there is one. */
  readonly ended: string | undefined;
}

const REWORK_OPTIONS = '--reason "why" --by "your name"';

/** The sentence for a decision on a unit that waits for none, with what to type instead. */
export function nothingToDecide({ serial, outcome, ended }: UnitStanding, verdict: UnitVerdict): string {
  const how = outcome ?? ended;
  const standing = how === undefined ? 'has not begun' : `has ended as ${how}`;
  const what = instead(serial, outcome, verdict) ?? `see "certline unit show ${serial}".`;
  return `${serial} ${standing}, so there is nothing to decide: ${what}`;
}

function instead(serial: string, outcome: UnitStanding['outcome'], verdict: UnitVerdict): string | undefined {
  if (outcome === 'PASS') {
    const file = `${serial}.txt`;
    const kind = verdict === 'retry' ? 'rekey' : 'scrap';
    const aim = verdict === 'retry' ? 'if it needs another key' : 'if it must not ship after all';
    return `${aim}, write its serial into a file, for example ${file}, and type: certline rework create --serials ${file} --kind ${kind} ${REWORK_OPTIONS}`;
  }
  if (outcome === undefined || verdict !== 'retry') return undefined;
  const scrapped = outcome === 'FAIL' ? ' --scrapped' : '';
  return `to run it again, type: certline unit rerun ${serial}${scrapped} --reason "why"`;
}

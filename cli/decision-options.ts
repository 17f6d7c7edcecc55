import { hostname, userInfo } from 'node:os';
import { decidedNow, saidIn } from '../provisioning/decision.ts';
import type { Decision } from '../provisioning/decision.ts';
import { BY_MAX } from '../provisioning/messages.ts';
import type { DecisionInput } from '../provisioning/messages.ts';

/** The options of every command that decides something: both are recorded and kept. */
export const DECISION_OPTIONS = {
  '--reason <text>': 'reason, for the record, at most 500 characters; default: none',
  '--by <name>':
    'who decides, for the record, at most 100 characters; default: user and host of this command',
} as const;

/** The same, where the reason must be given. */
export const REASONED_OPTIONS = {
  '--reason <text>': { says: 'reason, for the record, at most 500 characters', required: true },
  '--by <name>': DECISION_OPTIONS['--by <name>'],
} as const;

/** For what ends something for a whole batch: the name of the person is kept too. */
export const SIGNED_OPTIONS = {
  '--reason <text>': REASONED_OPTIONS['--reason <text>'],
  '--by <name>': { says: 'who decides, for the record, at most 100 characters', required: true },
} as const;

/** Why and by whom, as a workflow takes it. */
export function decisionInput({ reason, by }: { reason?: string; by?: string }): DecisionInput {
  return saidIn({ reason, by: by ?? userAndHost() });
}

/** A decision of this moment, which the workflow that it starts records. */
export function decisionNow<Verdict extends string>(
  verdict: Verdict,
  options: { reason?: string; by?: string },
  detail?: string,
): Decision<Verdict> {
  return decidedNow(verdict, decisionInput(options), detail);
}

function userAndHost(): string {
  return `${userName()}@${hostname()}`.slice(0, BY_MAX);
}

/** A container may run with a user id that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

import { hostname, userInfo } from 'node:os';
import { decidedNow, saidIn } from '../provisioning/decision.ts';
import type { Decision } from '../provisioning/decision.ts';
import { BY_MAX, REASON_MAX } from '../provisioning/messages.ts';
import type { DecisionInput } from '../provisioning/messages.ts';
import { isPersonText } from '../provisioning/person-text.ts';
import { CommandError } from './exit-status.ts';

/** The options of every command that decides something: both are recorded and kept. */
export const DECISION_OPTIONS = {
  '--reason <text>': {
    says: 'reason, for the record, at most 500 characters; default: none',
    parse: personText('--reason', REASON_MAX),
  },
  '--by <name>': {
    says: 'who decides, for the record, at most 100 characters; default: user and host of this command',
    parse: personText('--by', BY_MAX),
  },
} as const;

/** The same, where the reason must be given. */
export const REASONED_OPTIONS = {
  '--reason <text>': {
    says: 'reason, for the record, at most 500 characters',
    parse: personText('--reason', REASON_MAX),
    required: true,
  },
  '--by <name>': DECISION_OPTIONS['--by <name>'],
} as const;

/** For what ends something for a whole batch: the name of the person is kept too. */
export const SIGNED_OPTIONS = {
  '--reason <text>': REASONED_OPTIONS['--reason <text>'],
  '--by <name>': {
    says: 'who decides, for the record, at most 100 characters',
    parse: personText('--by', BY_MAX),
    required: true,
  },
} as const;

/** Refused before anything is done: workflows ignore or refuse what is no such text. */
function personText(option: string, most: number): (text: string) => string {
  return (text) => {
    if (isPersonText(text, most)) return text;
    const message = `${option} must be text of 1 to ${most} characters without control characters.`;
    throw new CommandError('usage', message);
  };
}

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

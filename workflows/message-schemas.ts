import * as z from 'zod/mini';
import type { ChunkReport, Pace } from '../provisioning/batch.ts';
import { isFailureCode } from '../provisioning/failure-table.ts';
import type { FailureCode } from '../provisioning/failure-table.ts';
import type { LineReport, LineTroubleCode } from '../provisioning/line-trouble.ts';
import { BY_MAX, REASON_MAX, WINDOW_MAX } from '../provisioning/messages.ts';
import type {
  CancelInput,
  CloseInput,
  DecisionInput,
  PriorityInput,
  RerunFilter,
  RerunUnits,
  UnitAttention,
  WindowInput,
} from '../provisioning/messages.ts';
import { isPersonText } from '../provisioning/person-text.ts';
import { isPriority, PRIORITY } from '../provisioning/priority.ts';
import { isSerial } from '../provisioning/serial-number.ts';
import { STEPS } from '../provisioning/step.ts';
import { kindOf, misfit, quoted } from './misfit.ts';

// All workflows share this file and zod (`bundleWorkflows` in workers/workflow-bundle.ts): a workflow that evaluated them for
// itself would spend 6 ms of CPU and 500 kB on it. The SDK freezes what modules export, all the way down, while zod fills
// schemas in as they are used: so schemas stay inside, and functions go out. What zod fills in depends on the schema alone.
z.config({ jitless: true });

/** What a message says, if it is as it must be; otherwise what is wrong. Never throws. */
export type MessageCheck<T> = (message: unknown) => z.core.util.SafeParseResult<T>;

function checked<T>(schema: z.ZodMiniType<T>): MessageCheck<T> {
  return (message) => schema.safeParse(message);
}

/** Units that one Update can name: 10,000 serials stay below a megabyte, and Temporal takes 2 MB. */
const SERIALS_MAX = 10_000;
const CODES_MAX = 200;

function text(most: number) {
  const error = misfit(`text of 1 to ${most} characters without control characters`);
  return z.string({ error }).check(z.refine((value) => isPersonText(value, most), { error }));
}

const who = { reason: z.optional(text(REASON_MAX)), by: z.optional(text(BY_MAX)) };

const serial = z
  .string({ error: misfit('a serial number') })
  .check(z.refine((value) => isSerial(value.toUpperCase()), { error: misfit('a serial number') }));

const code = z.custom<FailureCode>(isFailureCode, { error: misfit('a failure code, such as "BOARD_GONE"') });

function list<Item extends z.core.SomeType>(item: Item, most: number, what: string) {
  const error = misfit(`a list of 1 to ${most} ${what}`);
  return z.array(item, { error }).check(z.minLength(1, { error }), z.maxLength(most, { error }));
}

/** What people send is taken exactly or not at all: a misspelt key must not change what the rest means. */
function exactly<Shape extends z.core.$ZodShape>(shape: Shape) {
  const known = Object.keys(shape).map(quoted);
  const error = (issue: z.core.$ZodRawIssue): string =>
    issue.code === 'unrecognized_keys'
      ? `has the unknown ${issue.keys.length === 1 ? 'key' : 'keys'} ${issue.keys
          .slice(0, 5)
          .map((key) => quoted(key.slice(0, 40)))
          .join(', ')}; it may have ${known.join(', ')}`
      : `must be an object in braces, but is ${kindOf(issue.input)}`;
  return z.strictObject(shape, { error });
}

export const decisionCheck: MessageCheck<DecisionInput> = checked(exactly(who));

export const cancelCheck: MessageCheck<CancelInput> = checked(
  exactly({ ...who, withdraw: z.optional(z.boolean({ error: misfit('true or false') })) }),
);

export const closeCheck: MessageCheck<CloseInput> = checked(
  exactly({
    as: z.enum(['short', 'over'], { error: misfit('"short" or "over"') }),
    reason: text(REASON_MAX),
    by: who.by,
  }),
);

export const rerunCheck: MessageCheck<RerunFilter> = checked(
  exactly({
    codes: z.optional(list(code, CODES_MAX, 'failure codes')),
    serials: z.optional(list(serial, SERIALS_MAX, 'serial numbers')),
    ...who,
  }),
);

const windowFault = misfit(`a whole number from 1 to ${WINDOW_MAX}`);

export const windowCheck: MessageCheck<WindowInput> = checked(
  exactly({
    units: z
      .int({ error: windowFault })
      .check(z.gte(1, { error: windowFault }), z.lte(WINDOW_MAX, { error: windowFault })),
    ...who,
  }),
);

const priorityFault = misfit(`a whole number from ${PRIORITY.first} (first) to ${PRIORITY.last} (last)`);

export const priorityCheck: MessageCheck<PriorityInput> = checked(
  exactly({
    priority: z
      .int({ error: priorityFault })
      .check(z.refine((value) => isPriority(value), { error: priorityFault })),
    ...who,
  }),
);

// Between workflows: those of another version may say more than is known here, and name codes that are not.
const count = z.int().check(z.nonnegative());

const attention = z.object({
  serial: z.string(),
  code: z.string() as z.ZodMiniType as z.ZodMiniType<FailureCode>,
  step: z.enum(STEPS),
  attempt: count,
  hint: z.string(),
  stationId: z.exactOptional(z.string()),
  socket: z.exactOptional(z.string()),
});

const lineTrouble = z.object({
  code: z.string() as z.ZodMiniType as z.ZodMiniType<LineTroubleCode>,
  station: z.exactOptional(z.string()),
  socket: z.exactOptional(z.string()),
  says: z.string(),
});

export const lineReportCheck: MessageCheck<LineReport> = checked(
  z.object({ source: z.string(), trouble: z.array(lineTrouble) }),
);

export const chunkReportCheck: MessageCheck<ChunkReport> = checked(
  z.object({
    chunk: count,
    sequence: count,
    units: count,
    started: count,
    passed: count,
    failed: count,
    errors: count,
    held: count,
    attention: z.array(attention),
    draining: z.boolean(),
    // Chunks of earlier versions do not say it.
    refused: z._default(z.boolean(), false),
    finished: z.boolean(),
    brake: z.exactOptional(
      z.object({
        code: z.string() as z.ZodMiniType as z.ZodMiniType<FailureCode>,
        units: count,
        stations: z.array(z.string()),
      }),
    ),
  }),
);

export const unitAttentionCheck: MessageCheck<UnitAttention> = checked(
  z.object({
    serial: z.string(),
    attention: z.nullable(attention),
  }),
);

export const rerunUnitsCheck: MessageCheck<RerunUnits> = checked(
  z.object({ serials: z.array(z.string()), ...who }),
);

export const paceCheck: MessageCheck<Pace> = checked(
  z.object({
    sequence: count,
    window: count,
    paused: z.boolean(),
    priority: z.exactOptional(count),
    resumed: z.exactOptional(count),
  }),
);

import type { Logger } from 'pino';
import { HttpClient } from '../registry/http/http-client.ts';
import type { DueNotice, Notices } from '../registry/notices.ts';
import { signedHeaders, WebhookSecrets } from '../registry/webhook/standard-webhook.ts';
import { every } from './periodic-role.ts';
import type { Role } from './role.ts';

/** How often it is seen whether a notice is due. */
const LOOK_PAUSE_MS = 1_000;

/** Notices of one look. */
const AT_ONCE = 100;

/** Pauses double from the first to the longest, milliseconds. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 300_000;

/** After a week nobody needs to hear of it any more. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** The receiver must answer within this time. */
const DEADLINE_MS = 15_000;

const NAME = 'notifications';

/** Who hears of it. */
export interface NotifierOptions {
  readonly url: string;
  /** File with the secret, as of a webhook. */
  readonly secretFile: string;
}

/**
 * Delivers the notices of the registry to a receiver of Standard Webhooks, the oldest first, each at least once: until the
 * receiver answers with 2xx, for a week, whatever happens to this process. A repetition has the same `webhook-id` and body.
 */
export function startNotifier(notices: Notices, options: NotifierOptions, log: Logger): Role {
  const secrets = new WebhookSecrets(options.secretFile, NAME);
  const client = new HttpClient({ name: NAME, url: options.url, deadlineMs: DEADLINE_MS });
  const ending = new AbortController();
  /** In a row, and until when nothing is sent. */
  let failures = 0;
  let pausedUntil = 0;
  const deliver = async (): Promise<void> => {
    const lost = await notices.forget(Date.now() - KEPT_MS);
    if (lost > 0) log.error({ lost }, 'notifications were not delivered within a week, and are given up');
    if (Date.now() < pausedUntil) return;
    for (const notice of await notices.due(Date.now(), AT_ONCE)) {
      const fault = await faultOf(client, notice, secrets, ending.signal);
      if (ending.signal.aborted) return;
      if (fault !== undefined) return await postpone(notice, fault);
      await notices.sent(notice.id, Date.now());
      failures = 0;
    }
  };
  /** A receiver that is down takes no other either; one that refuses this one alone gets the others meanwhile. */
  const postpone = async ({ id, failures: ofNotice }: DueNotice, fault: string): Promise<void> => {
    pausedUntil = Date.now() + pauseMs(failures);
    failures += 1;
    await notices.failed(id, Date.now() + pauseMs(ofNotice));
    log.warn(
      { notice: id, failures: ofNotice + 1, fault },
      'a notification was not delivered; it is sent again',
    );
  };
  const failed = 'notifications cannot be delivered; the next look comes';
  const role = every(LOOK_PAUSE_MS, [{ run: deliver, failed }], log);
  return {
    ended: role.ended,
    stop: async () => {
      ending.abort();
      await role.stop();
      client.close();
    },
  };
}

function pauseMs(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 20), LONGEST_PAUSE_MS);
}

async function faultOf(
  client: HttpClient,
  { id, body }: DueNotice,
  secrets: WebhookSecrets,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const headers = signedHeaders(id, body, secrets.now());
    const { status } = await client.ask({ method: 'POST', path: '', headers, body }, signal);
    return status >= 200 && status < 300 ? undefined : `the receiver answered ${status}`;
  } catch (error) {
    return (error as Error).message;
  }
}

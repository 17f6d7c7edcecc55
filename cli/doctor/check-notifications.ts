import type { LineConfig } from '../../line/config.ts';
import { readWebhookSecrets } from '../../registry/webhook/standard-webhook.ts';
import { fail, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** The secret that signs notifications can be read; undefined where none are sent. Nothing is sent. */
export function checkNotifications({
  notifications,
}: Pick<LineConfig, 'notifications'>): Finding | undefined {
  if (notifications === undefined) return undefined;
  try {
    readWebhookSecrets(notifications.secretFile, 'notifications');
  } catch (error) {
    return fail('notifications', 'configuration', (error as Error).message);
  }
  return ok('notifications', `to ${new URL(notifications.url).host}`);
}

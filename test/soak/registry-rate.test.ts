import { it } from 'vitest';
import { expectRateKept } from '../registry/outbox/rate-kept.ts';

// oxlint-disable-next-line vitest/expect-expect -- The helper expects.
it('10,000 units go through ten a second, within 2 %, and never faster', async () => {
  await expectRateKept(10_000);
}, 600_000);

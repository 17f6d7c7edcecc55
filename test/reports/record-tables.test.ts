import { expect, it } from 'vitest';
import { RecordTables } from '../../reports/record-tables.ts';

const UNITS = 20_000;

// Without an index this takes a minute.
it('finds the unit of an unfinished row among many', { timeout: 20_000 }, () => {
  const tables = new RecordTables();
  let passed = 0;
  tables.transaction(() => {
    for (let at = 0; at < UNITS; at += 1) {
      const unit = { batchId: 'b1', serial: `CL-${at}` };
      tables.addUnit({ ...unit, isClosed: true });
      if (at % 2 === 0) tables.addCertificate({ ...unit, certificateSha256: String(at), state: 'active' });
    }
    for (let at = 0; at < UNITS; at += 1) {
      const unit = { batchId: 'b1', serial: `CL-${at}`, certificateSha256: `other ${at}` };
      const found = tables.unitOf({
        ...unit,
        requestId: 'r',
        state: 'issued',
        tbsSha256: '',
        isHeld: false,
      });
      if (found?.hasPassed === true) passed += 1;
    }
  });
  tables.close();
  expect(passed).toBe(UNITS / 2);
});

/**
 * Opens the audit log of a signer for the first time and kills itself with SIGKILL when it calls a method of it.
 * Arguments: state folder, method.
 */
import { openSqliteLedger } from '../support/sqlite-ledger.ts';
import { openLineAudit } from '../../line/audit.ts';
import { ledgerPath } from '../../line/state-folder.ts';

const [stateFolder = '', fatalMethod = ''] = process.argv.slice(2);
const opened = openSqliteLedger(ledgerPath(stateFolder));
const auditLog = new Proxy(opened.auditLog, {
  get: (target, name) => {
    if (name === fatalMethod) process.kill(process.pid, 'SIGKILL');
    const member: unknown = Reflect.get(target, name, target);
    return typeof member === 'function' ? (member.bind(target) as unknown) : member;
  },
});
const ledger = Object.assign(Object.create(opened) as typeof opened, { auditLog });
await openLineAudit({ stateFolder, ledger, witnessFile: undefined });

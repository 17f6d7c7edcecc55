/**
 * Opens the audit log of a signer for the first time and kills itself with SIGKILL when it calls a method of the ledger.
 * Arguments: state folder, method.
 */
import { openSqliteLedger } from '../../pki/ledger/sqlite-ledger.ts';
import { openLineAudit } from '../../line/audit.ts';
import { ledgerPath } from '../../line/state-folder.ts';

const [stateFolder = '', fatalMethod = ''] = process.argv.slice(2);
const ledger = new Proxy(openSqliteLedger(ledgerPath(stateFolder)), {
  get: (target, name) => {
    if (name === fatalMethod) process.kill(process.pid, 'SIGKILL');
    const member: unknown = Reflect.get(target, name, target);
    return typeof member === 'function' ? (member.bind(target) as unknown) : member;
  },
});
await openLineAudit({ stateFolder, ledger, witnessFile: undefined });

/**
 * Issues one certificate and kills itself with SIGKILL at a step. Arguments: CA folder, ledger, step, request as JSON
 * with its CSR in base64. The step `none` ends in peace.
 */
import { loadFactoryIca } from '../../../pki/ca/ca-folder.ts';
import type { IssueRequest } from '../../../pki/signing/issue-request.ts';
import { Issuer } from '../../../pki/signing/issuer.ts';
import { openSqliteLedger } from '../../../pki/ledger/sqlite-ledger.ts';
import { passphrase, PROFILE } from '../acme.ts';

const [directory = '', path = '', fatalStep = '', json = ''] = process.argv.slice(2);
const request = JSON.parse(json) as Omit<IssueRequest, 'csr'> & { csr: string };
const issuer = new Issuer({
  ca: loadFactoryIca({ directory, passphrase: passphrase() }),
  ledger: openSqliteLedger(path),
  profileOf: () => PROFILE,
  atStep: (step) => {
    if (step === fatalStep) process.kill(process.pid, 'SIGKILL');
  },
});
await issuer.issue({ ...request, csr: Buffer.from(request.csr, 'base64') });

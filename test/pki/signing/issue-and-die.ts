/**
 * Issues one certificate and kills itself with SIGKILL at a step. Arguments: CA folder, ledger, step, request as JSON
 * with its CSR in base64. The step `none` ends in peace.
 */
import { openFactoryCa } from '../../../pki/ca/open-ca.ts';
import { Issuer } from '../../../pki/signing/issuer.ts';
import { openSqliteLedger } from '../../support/sqlite-ledger.ts';
import { passphrase, PROFILE } from '../acme.ts';
import { GatedIssuer } from './gated-issuer.ts';
import type { CsrRequest } from './gated-issuer.ts';

const [directory = '', path = '', fatalStep = '', json = ''] = process.argv.slice(2);
const request = JSON.parse(json) as Omit<CsrRequest, 'csr'> & { csr: string };
const ledger = openSqliteLedger(path);
const issuer = new Issuer({
  ca: openFactoryCa({ directory, passphrase: passphrase() }),
  issuances: ledger.issuances,
  profileOf: () => PROFILE,
  atStep: (step) => {
    if (step === fatalStep) process.kill(process.pid, 'SIGKILL');
  },
});
const csr = Buffer.from(request.csr, 'base64');
await new GatedIssuer(issuer, ledger.issuances).issue({ ...request, csr });

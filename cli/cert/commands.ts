import { REVOCATION_REASONS } from '../../pki/x509/revocation-reason.ts';
import { command, group } from '../command.ts';
import type { Entry } from '../command.ts';
import { JSON_OPTION } from '../option-values.ts';

const WHICH = 'serial number of a unit, or serial number or SHA-256 fingerprint of a certificate';

/** Commands about single certificates, at the signer. */
export const certCommands = group(
  'cert',
  {
    says: 'check, show and revoke single certificates',
    examples: ['certline cert lint crt.der', 'certline cert show CL-000017'],
  },
  [
    command('lint', {
      says: 'check certificates against the device profile: list every broken rule with its code',
      args: { '<file>': 'one certificate in DER, or any number in PEM' },
      options: {
        '--issuer <file>':
          'certificate of the CA that must have signed; default: the CA of this state folder',
        ...JSON_OPTION,
      },
      notes: 'Exit status 0: no rule is broken; 9: at least one is; 5: there is no such file.',
      examples: [
        'certline cert lint crt.der',
        "certline cert lint crt.pem --issuer factory-ica.pem --json | jq '.certificates[].findings[].code'",
      ],
      load: () => import('./lint-file.ts'),
      run: async ({ lintFile }, { file, options, stateFolder }) => await lintFile(stateFolder, file, options),
    }),
    command('show', {
      says: 'show what a certificate contains and what the ledger knows about it',
      args: { '<which>': `certificate file; ${WHICH}; or hardware id of a board` },
      options: { '--pem': 'print only the certificate, in PEM', ...JSON_OPTION },
      examples: [
        'certline cert show CL-000017',
        "certline cert show crt.der --json | jq -r '.[].ledger.state'",
      ],
      load: () => import('./show-certificate.ts'),
      run: async ({ showCertificate }, { which, options, invocation }) =>
        await showCertificate(await invocation(), which, options),
    }),
    command('revoke', {
      says: 'revoke a certificate; this cannot be undone',
      args: { '<which>': WHICH },
      options: {
        '--reason <reason>': {
          says: 'reason in the revocation list (RFC 5280)',
          choices: REVOCATION_REASONS,
          required: true,
        },
        '--by <name>':
          'who decides, for the audit log, at most 100 characters; default: user and host of this command',
        '--yes': 'do not ask, although the unit may have shipped',
        '--beyond-limit': 'continue although persons have revoked 20 certificates within an hour',
        ...JSON_OPTION,
      },
      notes: `
It asks before it revokes an active certificate. After 20 revocations by persons within an hour it refuses: somebody
may be revoking what has shipped. Each one beyond that is an alarm in the audit log.`,
      examples: ['certline cert revoke CL-000017 --reason keyCompromise --yes'],
      load: () => import('./withdraw-certificate.ts'),
      run: async ({ withdrawCertificate }, { which, options, invocation }) =>
        await withdrawCertificate(await invocation(), 'revoke', which, options),
    }),
    hold('hold', 'suspend a certificate; "cert release" makes it valid again'),
    hold('release', 'end the hold of a certificate: it is valid again'),
  ],
);

function hold(name: 'hold' | 'release', says: string): Entry {
  return command(name, {
    says,
    args: { '<which>': WHICH },
    options: JSON_OPTION,
    examples: [`certline cert ${name} CL-000017`],
    load: () => import('./withdraw-certificate.ts'),
    run: async ({ withdrawCertificate }, { which, options, invocation }) =>
      await withdrawCertificate(await invocation(), name, which, options),
  });
}

import { REVOCATION_REASONS } from '../../pki/x509/revocation-reason.ts';
import { command, group } from '../command.ts';
import { guardKeys } from '../line/guard-keys.ts';
import { JSON_OPTION } from '../option-values.ts';

/** Commands about the CA that signs device certificates. */
export const caCommands = group(
  'ca',
  {
    says: 'create and show the CA that signs device certificates',
    examples: [
      'certline ca init --name "Acme Devices" --root-folder /media/root-stick/root',
      'certline ca show',
    ],
  },
  [
    command('init', {
      says: 'create a root CA and a factory CA below it; never overwrites one',
      options: {
        '--name <name>': { says: 'organization in the names of both', default: 'Certline Development' },
        '--passphrase-file <file>':
          'file of mode 600 with the passphrase of the factory CA; default: the configured file, else a new random passphrase',
        '--root-folder <folder>':
          'folder to create for the key of the root, on a medium that you take away; default: none, with --development only',
        '--root-passphrase-file <file>':
          'file of mode 600 with the passphrase of the root; default: a new random passphrase in the root folder',
        '--development': 'store the key of the root beside the factory CA, under the same passphrase',
        ...JSON_OPTION,
      },
      notes: `
Give --root-folder, or --development for a CA that certifies nothing of value: anyone who reads the disk of the signer
has its root.`,
      examples: [
        'certline ca init --name "Acme Devices" --root-folder /media/root-stick/root',
        '(umask 077; openssl rand -base64 32 > ca.passphrase)',
        'certline ca init --root-folder /media/root-stick/root --passphrase-file ca.passphrase',
        'certline ca init --development',
      ],
      before: () => guardKeys(),
      load: () => import('./init-ca.ts'),
      run: async ({ initCa }, { options, invocation }) => await initCa(await invocation(), options),
    }),
    command('show', {
      says: 'show subjects, serial numbers, validity and fingerprints; needs no passphrase',
      options: JSON_OPTION,
      examples: ["certline ca show --json | jq -r '.certificates[].sha256'"],
      load: () => import('./show-ca.ts'),
      run: async ({ showCa }, { options, stateFolder }) => await showCa(stateFolder, options),
    }),
    command('csr', {
      says: 'print a signing request for the factory CA, for another root to sign; makes the key if there is none',
      options: { '--name <name>': { says: 'organization in its name', required: true } },
      notes: 'The key is on the configured token, else in an encrypted file.',
      examples: ['certline ca csr --name "Acme Devices" > factory-ca.csr.pem'],
      before: () => guardKeys(),
      load: () => import('./request-ca.ts'),
      run: async ({ requestCa }, { options, invocation }) => await requestCa(await invocation(), options),
    }),
    command('import', {
      says: 'install a factory CA that was certified elsewhere, with its key',
      args: { '<file>': 'PEM file with the certificate of the factory CA and all above it, in any order' },
      options: {
        '--key <file>': 'encrypted PKCS#8 file with its key; default: the key on the token, or of "ca csr"',
        '--key-passphrase-file <file>': 'passphrase of that file; default: the configured one',
        ...JSON_OPTION,
      },
      examples: ['certline ca import factory-ca-chain.pem'],
      before: () => guardKeys(),
      load: () => import('./import-ca.ts'),
      run: async ({ importCa }, { file, options, invocation }) =>
        await importCa(await invocation(), file, options),
    }),
    command('export', {
      says: 'print a public file in PEM, for clouds and servers',
      args: {
        '[what]': {
          says: `
ica: the factory CA, which AWS IoT, Azure DPS and Golioth register;
chain: the factory CA and all above it, against which servers verify;
root: the root alone;
crl: the newest revocation list`.trim(),
          choices: ['ica', 'chain', 'root', 'crl'],
          default: 'ica',
        },
      },
      examples: ['certline ca export > factory-ica.pem'],
      load: () => import('./export-ca.ts'),
      run: ({ exportCa }, { what, stateFolder }) => exportCa(stateFolder, what),
    }),
    command('prove', {
      says: 'print a certificate that proves to a cloud (AWS, Azure) that you hold the key of the CA',
      args: { '<code>': 'registration or verification code that the cloud shows' },
      examples: ['certline ca prove 3c1f0a6b9d2e4f70 > proof.pem'],
      before: () => guardKeys(),
      load: () => import('./prove-ca.ts'),
      run: async ({ proveCa }, { code, invocation }) => await proveCa(await invocation(), code),
    }),
    command('retry-pin', {
      says: 'let the signer try a PIN again that the token refused; only if you know that the PIN is right',
      options: { '--yes': 'do not ask for confirmation', ...JSON_OPTION },
      notes: `
The signer tries no PIN twice, because tokens lock after a few wrong ones. A PIN file that has changed is tried without
this command. See docs/signer/token-pin.md.`,
      examples: ['certline ca retry-pin'],
      load: () => import('./retry-pin.ts'),
      run: async ({ retryPin }, { options, invocation }) => await retryPin(await invocation(), options),
    }),
    command('crl', {
      says: 'make the next revocation list now; a running signer makes one weekly and after revocations',
      options: {
        '--root <folder>':
          'make the list of the root in this folder, valid for 13 months; default: the list of the factory CA',
        '--revoke <file>':
          'with --root: PEM file with the certificate of a factory CA to revoke; default: none',
        '--reason <reason>': {
          says: 'reason (RFC 5280), required with --revoke; default: none',
          choices: REVOCATION_REASONS,
        },
        '--passphrase-file <file>':
          'with --root: file with the passphrase of the root; default: the one in its folder',
        ...JSON_OPTION,
      },
      examples: [
        'certline ca crl',
        'certline ca crl --root /media/root-stick/root',
        'certline ca crl --root /media/root-stick/root --revoke factory-ica.pem --reason keyCompromise',
      ],
      before: () => guardKeys(),
      load: () => import('./make-crl.ts'),
      run: async ({ makeCrl }, { options, invocation }) => {
        const { root, ...ofRoot } = options;
        if (root === undefined) return await makeCrl(await invocation(), options);
        return await (await import('./make-root-crl.ts')).makeRootCrl(root, ofRoot);
      },
    }),
    command('standby', {
      says: 'create another factory CA under the root, to be sealed until the first one is lost',
      args: { '<folder>': 'folder to create for it, with its key and a new passphrase' },
      options: {
        '--root <folder>': { says: 'folder with the key of the root', required: true },
        '--passphrase-file <file>': 'file with the passphrase of the root; default: the one in its folder',
        ...JSON_OPTION,
      },
      examples: ['certline ca standby /media/standby-stick/ca --root /media/root-stick/root'],
      before: () => guardKeys(),
      load: () => import('./make-standby.ts'),
      run: async ({ makeStandby }, { folder, options }) => await makeStandby(folder, options),
    }),
  ],
);

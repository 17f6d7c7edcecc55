import { command, group } from '../command.ts';

/** Commands of a host that watches over the audit log of a signer. */
export const witnessCommands = group(
  'witness',
  {
    says: "sign how far a signer's audit log has come, on another host",
    examples: ['certline witness serve witness'],
  },
  [
    command('serve', {
      says: 'run a witness: a signer that is configured with it signs only what this host has signed before',
      args: { '<folder>': 'folder of the witness; created with a new key if missing' },
      options: {
        '--listen <address>': { says: 'address to listen on, host:port', default: '127.0.0.1:7400' },
      },
      notes: `
Add the text of the signer's audit.pub to the file "signers" in the folder, and the text of witness.pub to the
configuration of the signer. A folder is for one ledger.`,
      examples: ['certline witness serve /srv/certline-witness --listen 0.0.0.0:7400'],
      load: () => import('./serve-witness.ts'),
      run: async ({ serveWitness }, { folder, options }) => await serveWitness(folder, options),
    }),
  ],
);

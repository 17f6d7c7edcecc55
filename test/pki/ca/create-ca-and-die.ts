/** Makes a CA in argv[2] and kills itself with SIGKILL at the nth call that argv[3] names, as `fsync:4`. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [directory = '', call = ''] = process.argv.slice(2);
const [name, count] = call.split(':');
let left = Number(count);

function dieAtZero(): void {
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}

const { fsyncSync, renameSync } = fs;
fs.fsyncSync = (file) => {
  if (name === 'fsync') dieAtZero();
  fsyncSync(file);
};
fs.renameSync = (from, to) => {
  if (name === 'rename') dieAtZero();
  renameSync(from, to);
};
syncBuiltinESMExports();

const { createCa } = await import('../../../pki/ca/create-ca.ts');
const { passphrase } = await import('../acme.ts');
await createCa({ directory, name: 'Acme', passphrase: passphrase() });

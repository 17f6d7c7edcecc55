import { existsSync, readFileSync } from 'node:fs';
import { parseVerifier } from '../../pki/keys/signed-note.ts';
import type { NoteVerifier } from '../../pki/keys/signed-note.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { verifyDossier } from '../../reports/dossier/signed-dossier.ts';
import { CommandError } from '../exit-status.ts';
import { printJson, printLine } from '../terminal/stdout.ts';

/** `certline lot verify`. Sets exit status `auditBroken`; throws `unknown` for a file that is not there, `usage` for one that has no key. */
export function verifyLot(
  path: string,
  { key, json }: { readonly key?: string; readonly json?: boolean },
): void {
  const found = verifyDossier(read(path), key === undefined ? undefined : keyIn(key));
  if (found.problems.length > 0) process.exitCode = EXIT_STATUS.auditBroken.status;
  if (json === true) {
    printJson(found);
    return;
  }
  for (const problem of found.problems) printLine(`WRONG: ${problem}`);
  if (found.problems.length > 0 || found.counts === undefined) return;
  const { ordered, passed, failed, errors, held } = found.counts;
  printLine(
    `Lot ${found.batch}: ${ordered} units, ${passed} passed, ${failed} failed, ${errors} errors, ${held} held. The dossier is whole.`,
  );
  const cure = key === undefined ? ': compare this name with the audit.pub that the signer gave you' : '';
  printLine(`Signed by ${found.key}${cure}`);
}

function keyIn(path: string): NoteVerifier {
  const verifier = parseVerifier(read(path));
  if (verifier !== undefined) return verifier;
  throw new CommandError('usage', `The file ${path} has no audit key: give the audit.pub of the signer.`);
}

function read(path: string): string {
  if (existsSync(path)) return readFileSync(path, 'utf8');
  throw new CommandError('unknown', `There is no file ${path}: check its name.`);
}

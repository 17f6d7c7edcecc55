import { withoutUnseen } from '../../manifests/csv/visible-text.ts';
import { parseVerifier } from '../../pki/keys/signed-note.ts';
import type { NoteVerifier } from '../../pki/keys/signed-note.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { verifyDossier } from '../../reports/dossier/signed-dossier.ts';
import { CommandError } from '../exit-status.ts';
import { readGivenFile } from '../given-file.ts';
import type { Wanted } from '../given-file.ts';
import { printJson, printLine } from '../terminal/stdout.ts';

/** A text of Node.js is not longer; some hundred thousand units. */
const DOSSIER: Wanted = { content: 'the file that "certline lot dossier" wrote', maxBytes: 500 * 2 ** 20 };

const AUDIT_KEY: Wanted = { content: 'the audit.pub of the signer', maxBytes: 2 ** 20 };

/** `certline lot verify`. Sets exit status `auditBroken`; throws `unknown` for a file that cannot be read, `usage` for one that has no key. */
export function verifyLot(
  path: string,
  { key, json }: { readonly key?: string; readonly json?: boolean },
): void {
  const trusted = key === undefined ? undefined : keyIn(key);
  const found = verifyDossier(readGivenFile(path, DOSSIER).toString(), trusted);
  if (found.problems.length > 0) process.exitCode = EXIT_STATUS.auditBroken.status;
  if (json === true) {
    printJson(found);
    return;
  }
  for (const problem of found.problems) printLine(`WRONG: ${withoutUnseen(problem)}`);
  if (found.problems.length > 0 || found.counts === undefined) return;
  const { ordered, passed, failed, errors, held } = found.counts;
  printLine(
    `Lot ${withoutUnseen(found.batch ?? '')}: ${ordered} units, ${passed} passed, ${failed} failed, ${errors} errors, ${held} held. The dossier is whole.`,
  );
  if (trusted !== undefined) printLine(`Signed by ${withoutUnseen(trusted.name)}`);
  else {
    printLine(
      'Signed by the key below, which came with it: compare all of it with the audit.pub of the signer.',
    );
    printLine(found.key);
  }
}

function keyIn(path: string): NoteVerifier {
  const verifier = parseVerifier(readGivenFile(path, AUDIT_KEY).toString());
  if (verifier !== undefined) return verifier;
  throw new CommandError('usage', `The file ${path} has no audit key: give the audit.pub of the signer.`);
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { issue } from '../../manifests/check/issue.ts';
import { rejectedFile } from '../../manifests/check/verdict.ts';
import { withoutUnseen } from '../../manifests/csv/visible-text.ts';
import { assessManifest } from '../../manifests/intake/assess-manifest.ts';
import type { Assessment, Surroundings } from '../../manifests/intake/assess-manifest.ts';
import { copyManifest } from '../../manifests/intake/copy-manifest.ts';
import { expectedName } from '../../manifests/intake/expected-name.ts';
import { ISSUES } from '../../manifests/issue-codes.ts';
import { socketProducts } from '../../line/config.ts';
import { registryName } from '../../line/registry.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { noSuchFile } from './manifest-file.ts';
import { issueCells, printIssues, refusalSummary } from './issue-table.ts';
import { withOrders } from './open-orders.ts';
import { withRegistryIfAny } from '../registry/open-registry.ts';
import { printJson, printLine } from '../terminal/stdout.ts';

/** `certline validate`. Sets exit status `manifestRefused`; throws `unknown` when there is no such file. */
export async function validateFile(
  invocation: Invocation,
  file: string,
  options: { json?: boolean },
): Promise<void> {
  const { config } = invocation;
  await withRegistryIfAny(invocation, async (registry) => {
    await withOrders(invocation, async (askOrder) => {
      const { products } = config;
      const around = { products, registered: registry, askOrder, socketProducts: socketProducts(config) };
      const assessment = await assess(file, around);
      if (assessment.status === 'rejected') process.exitCode = EXIT_STATUS.manifestRefused.status;
      const compared = registry === undefined ? null : registryName(invocation);
      const isOrderChecked = askOrder !== undefined;
      if (options.json === true)
        printJson({ file, ...withMeanings(assessment), comparedWith: compared, isOrderChecked });
      else await print(withoutUnseen(file), assessment, { compared: compared ?? undefined, isOrderChecked });
    });
  });
}

/** Takes the same steps as the inbox, but the private copy is in a folder that is removed at the end. */
async function assess(file: string, around: Surroundings): Promise<Assessment> {
  const name = basename(file);
  const expected = expectedName(name);
  if (expected !== undefined) return rejectedFile(issue('MANIFEST_NAME', { value: name }, expected));
  const folder = mkdtempSync(join(tmpdir(), 'certline-validate-'));
  try {
    const result = await copyManifest(file, folder);
    if ('copy' in result) return await assessManifest(result.copy, around);
    if (result.refused.code === 'MANIFEST_MISSING') throw noSuchFile(file);
    return rejectedFile(result.refused);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What each code means is in the answer itself. */
function withMeanings(assessment: Assessment): object {
  if (assessment.status === 'known') return assessment;
  if (assessment.status === 'rejected')
    return {
      ...assessment,
      issues: assessment.issues.map((found) => ({ ...found, means: ISSUES[found.code].means })),
    };
  const { status, order, rows, understood, warnings, continues } = assessment;
  return { status, order, rows, understood, warnings, continues: continues.map(({ batchId }) => batchId) };
}

async function print(
  file: string,
  assessment: Assessment,
  { compared, isOrderChecked }: { readonly compared: string | undefined; readonly isOrderChecked: boolean },
): Promise<void> {
  switch (assessment.status) {
    case 'valid': {
      const { order, rows, understood, warnings, continues } = assessment;
      printLine(`${file} is valid: order ${order}, ${rows} ${continues.length > 0 ? 'new ' : ''}units.`);
      for (const { batchId } of continues) printLine(`Its other units are in batch ${batchId} already.`);
      for (const sentence of [...understood, ...warnings]) printLine(sentence);
      if (compared === undefined)
        printLine('It was not compared with earlier batches: there is no registry here.');
      if (!isOrderChecked) printLine('Its order was not checked: there is no signer here.');
      return;
    }
    case 'known': {
      const { batchId, manifest } = assessment.batch;
      printLine(
        `${file} was accepted before, as ${withoutUnseen(manifest)}: it is batch ${batchId}, and submitting it again has no effect.`,
      );
      return;
    }
    case 'rejected':
      await printIssues(assessment.issues.map(issueCells));
      printLine(refusalSummary(file, assessment));
  }
}

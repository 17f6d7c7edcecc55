import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyManifest } from '../../manifests/intake/copy-manifest.ts';
import type { ManifestCopy } from '../../manifests/intake/copy-manifest.ts';
import type { RegisteredBatch, RegisteredUnits } from '../../manifests/check/registered-units.ts';
import { validateManifest } from '../../manifests/check/validate-manifest.ts';
import { rejectedFile } from '../../manifests/check/verdict.ts';
import type { Rejected } from '../../manifests/check/verdict.ts';
import { registryPath } from '../../line/state-folder.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { noSuchFile } from './manifest-file.ts';
import { issueCells, printIssues, refusalSummary } from './issue-table.ts';
import { withRegistryIfAny } from '../registry/open-registry.ts';
import { printJson, printLine } from '../terminal/stdout.ts';

/** What would happen to a manifest that is submitted now. */
type Judgement =
  | {
      readonly status: 'valid';
      readonly order: string;
      readonly rows: number;
      readonly understood: readonly string[];
    }
  | { readonly status: 'known'; readonly batch: RegisteredBatch }
  | Rejected;

/** `certline validate`. Sets exit status `manifestRefused`; throws `unknown` when there is no such file. */
export async function validateFile(
  { config, stateFolder }: Invocation,
  file: string,
  options: { json?: boolean },
): Promise<void> {
  await withRegistryIfAny(stateFolder, async (registry) => {
    const judgement = await judge(file, config.products, registry);
    if (judgement.status === 'rejected') process.exitCode = EXIT_STATUS.manifestRefused.status;
    const compared = registry === undefined ? null : registryPath(stateFolder);
    if (options.json === true) printJson({ file, ...judgement, comparedWith: compared });
    else await print(file, judgement, compared ?? undefined);
  });
}

/** Takes the same steps as the inbox, but the private copy is in a folder that is removed at the end. */
async function judge(
  file: string,
  products: Invocation['config']['products'],
  registered: RegisteredUnits | undefined,
): Promise<Judgement> {
  const folder = mkdtempSync(join(tmpdir(), 'certline-validate-'));
  try {
    const result = await copyManifest(file, folder);
    if ('copy' in result) return await judgeCopy(result.copy, products, registered);
    if (result.refused.code === 'MANIFEST_MISSING') throw noSuchFile(file);
    return rejectedFile(result.refused);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function judgeCopy(
  copy: ManifestCopy,
  products: Invocation['config']['products'],
  registered: RegisteredUnits | undefined,
): Promise<Judgement> {
  const batch = await registered?.batchOf(copy.sha256);
  if (batch !== undefined) return { status: 'known', batch };
  const found = await validateManifest(copy.path, products, registered);
  return found.count > 0
    ? found.verdict()
    : { status: 'valid', order: found.order, rows: found.rows, understood: found.understood };
}

async function print(file: string, judgement: Judgement, compared: string | undefined): Promise<void> {
  switch (judgement.status) {
    case 'valid':
      printLine(`${file} is valid: order ${judgement.order}, ${judgement.rows} units.`);
      for (const sentence of judgement.understood) printLine(sentence);
      if (compared === undefined)
        printLine('It was not compared with earlier batches: there is no registry here.');
      return;
    case 'known': {
      const { batchId, manifest } = judgement.batch;
      printLine(
        `${file} was accepted before, as ${manifest}: it is batch ${batchId}, and submitting it again has no effect.`,
      );
      return;
    }
    case 'rejected':
      await printIssues(judgement.issues.map(issueCells));
      printLine(refusalSummary(file, judgement));
  }
}

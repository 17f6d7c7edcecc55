import { caFolder } from '../../line/state-folder.ts';
import { readCaChain } from '../../pki/ca/read-chain.ts';
import { uploadCa } from '../../registry/golioth/issuing-ca.ts';
import type { Invocation } from '../invocation.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { withGolioth } from './with-golioth.ts';

/** `certline cloud golioth ca upload`. Throws CA_NOT_FOUND, and what `withGolioth` throws. */
export async function uploadGoliothCa(
  invocation: Invocation,
  registry: string | undefined,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const [issuingCa] = readCaChain(caFolder(invocation.stateFolder));
  await withGolioth(invocation, registry, async (api, signal) => {
    const upload = await uploadCa(api, issuingCa!, signal);
    if (json === true) return printJson({ project: api.project, ...upload });
    const sentence = `The project ${api.project} trusts the CA that signs devices: ${upload.outcome}, as certificate ${upload.id}.`;
    printLine(sentence);
  });
}

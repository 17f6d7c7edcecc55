import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { errnoOf } from '../../disk/errno.ts';
import { caFolder, virtualLineFolder } from '../../line/state-folder.ts';
import { readCaChain } from '../../pki/ca/read-chain.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import type { Product } from '../../provisioning/product.ts';
import { fillTemplate } from '../../provisioning/serial-template.ts';
import type { ResultRow } from '../../provisioning/result-row.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Invocation } from '../invocation.ts';
import { LOCAL_CLOUD_NAME, LocalCloud } from './local-cloud.ts';

/** Devices that connect at once. */
const AT_ONCE = 8;
const PATIENCE_MS = 10_000;

/** What `connectDevices` says of a device that the cloud has. */
export const APPEARED = 'appeared';

/**
 * Lets each virtual board that passed in the batch connect to a local cloud with the files that are on it, as its firmware would.
 * Returns for each of them, by serial, `APPEARED` where it is a device there by the name and the certificate that the registry
 * has, else why not.
 */
export async function connectDevices(
  { stateFolder, config }: Invocation,
  registry: Registry,
  batchId: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const cloud = await LocalCloud.start(readCaChain(caFolder(stateFolder)));
  const outcomes = new Map<string, string>();
  const rows = registry.resultRows(batchId)[Symbol.asyncIterator]();
  const connectSome = async (): Promise<void> => {
    for await (const row of { [Symbol.asyncIterator]: () => rows }) {
      const product = config.products.find(({ name }) => name === row.product);
      if (row.outcome !== 'PASS' || product === undefined || signal.aborted) continue;
      outcomes.set(row.serial, await connect(stateFolder, row, product, cloud));
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, connectSome));
  } finally {
    await cloud.close();
  }
  return outcomes;
}

async function connect(
  stateFolder: string,
  { serial, boardId = '', certificateSha256 }: ResultRow,
  { commonName, keyPath, certificatePath, keyEncoding: type }: Product,
  cloud: LocalCloud,
): Promise<string> {
  const board = join(virtualLineFolder(stateFolder), 'boards', boardId);
  try {
    const key = createPrivateKey({ key: await readFile(join(board, keyPath)), format: 'der', type });
    const certificate = await readFile(join(board, certificatePath));
    await hello(cloud, {
      key: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
      cert: pemOf('CERTIFICATE', certificate),
    });
  } catch (error) {
    return errnoOf(error) ?? (error as Error).message;
  }
  const isKnown = cloud.devices.get(fillTemplate(commonName, serial)) === certificateSha256;
  return isKnown ? APPEARED : 'another device';
}

function hello(
  { port, certificate }: LocalCloud,
  identity: { readonly key: string; readonly cert: string },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const address = { host: '127.0.0.1', port, servername: LOCAL_CLOUD_NAME, ca: certificate };
  const options = { ...address, ...identity, agent: false, method: 'POST', path: '/hello' } as const;
  request({ ...options, signal: AbortSignal.timeout(PATIENCE_MS) }, (answer) => {
    answer.resume().once('end', resolve).once('error', reject);
  })
    .once('error', reject)
    .end();
  return promise;
}

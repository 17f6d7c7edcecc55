import { generateKeyPairSync } from 'node:crypto';
import type { RegistryParts } from '../../activities/registry-activities.ts';
import { noteVerifierOf } from '../../pki/keys/signed-note.ts';
import type { Registry } from '../../registry/registry.ts';

const { privateKey } = generateKeyPairSync('ed25519');

/** The intake of tests. */
export const INTAKE = { privateKey, verifier: noteVerifierOf('intake', privateKey) };

/** What a registry works with where nothing of it is under test: no station is admitted, and nothing runs. */
export function registryParts(
  registry: Registry,
  inbox: string,
  parts: Partial<RegistryParts> = {},
): RegistryParts {
  const work = { unitRuns: async () => false, batchRuns: async () => false };
  const nobody = { products: [], issuers: [], stationKey: async () => undefined };
  return { ...nobody, intake: INTAKE, work, registry, inbox, ...parts };
}

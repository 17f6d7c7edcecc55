import { generateKeyPairSync } from 'node:crypto';
import type { RegistryParts } from '../../activities/registry-activities.ts';
import type { UnitEnds } from '../../activities/unit-ends.ts';
import { noteVerifierOf } from '../../pki/keys/signed-note.ts';
import type { Registry } from '../../registry/registry.ts';

const { privateKey } = generateKeyPairSync('ed25519');

/** The intake of tests. */
export const INTAKE = { privateKey, verifier: noteVerifierOf('intake', privateKey) };

/** Nobody is told how units end. */
export const NOBODY_LISTENS: UnitEnds = { unit: () => undefined, units: () => undefined };

/** What a registry works with where nothing of it is under test: no station is admitted, and nothing runs. */
export function registryParts(
  registry: Registry,
  inbox: string,
  parts: Partial<RegistryParts> = {},
): RegistryParts {
  const work = {
    unitRuns: async () => false,
    running: async function* () {},
    isOrchestrated: async () => true,
  };
  const nobody = { products: [], issuers: [], stationKeys: () => [], auditKeys: () => [] };
  const deviceRegistries: RegistryParts['deviceRegistries'] = [];
  return {
    ...nobody,
    deviceRegistries,
    intake: INTAKE,
    intakes: () => [],
    work,
    ends: NOBODY_LISTENS,
    registry,
    inbox,
    ...parts,
  };
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..', '..');
const COMPOSE = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Readonly<Record<string, ComposeService>>;
};

interface ComposeService {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

/** Paths and addresses of a container, and what takes their place on this host. */
export type Places = Readonly<Record<string, string>>;

/** A service of docker-compose.yml. */
export function composeService(name: string): ComposeService {
  const service = COMPOSE.services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
}

/** The environment of a service with the places of this host. */
export function environmentOf(name: string, places: Places): Record<string, string> {
  const entries = Object.entries(composeService(name).environment ?? {});
  return Object.fromEntries(entries.map(([variable, value]) => [variable, placed(value, places)]));
}

/** The script that a container runs, on this host. */
export function scriptOf(name: string, places: Places): string {
  const script = composeService(name).entrypoint?.[1];
  if (script === undefined) throw new Error(`the service ${name} of docker-compose.yml runs no script`);
  return placed(script, places);
}

/** A value that is the name of a place, or a path below one. */
function placed(value: string, places: Places): string {
  for (const [there, here] of Object.entries(places)) {
    if (value === there) return here;
    if (value.startsWith(`${there}/`)) return join(here, value.slice(there.length));
  }
  return value;
}

import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';

/** How long name servers may take, milliseconds: less than the patience with the server itself. */
const PATIENCE_MS = 3_000;

/** For each server and try, so that the second one is asked too. */
const TRY_MS = 700;
const TRIES = 2;

const HOSTS = '/etc/hosts';

/** What this resolver says where it has no answer: it waited in vain, or was cancelled. */
const SILENT = ['ETIMEOUT', 'ECANCELLED'];

/**
 * Whether no name server answers for this name. A look-up by the system cannot be taken back: it keeps the process until it has an
 * answer, for ten seconds and more. So nobody asks the system before it is known that servers answer.
 */
export async function isDnsSilent(host: string, signal: AbortSignal): Promise<boolean> {
  if (isInHosts(host)) return false;
  const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
  const late = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  late.addEventListener('abort', () => resolver.cancel(), { once: true });
  try {
    await resolver.resolve4(host);
    return false;
  } catch (error) {
    return SILENT.includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

function isInHosts(host: string): boolean {
  try {
    const names = readFileSync(HOSTS, 'utf8')
      .split('\n')
      .flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1));
    return names.some((name) => name.toLowerCase() === host);
  } catch {
    return false;
  }
}

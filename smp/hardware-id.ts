import type { RequestOptions } from './client/ask-until-answered.ts';
import type { SmpClient } from './client/client.ts';
import { isSmpError, SmpError } from './smp-error.ts';
import { readFile } from './files/read-file.ts';
import { exec } from './shell/exec.ts';
import { OS_INFO } from './requests/os-requests.ts';

/**
 * A way of telling one board from all others. `devid`, `deveui64`: the shell's `hwinfo` command. `info`: a letter of
 * the system information that the application adds (`h` is usual). `file`: text or bytes the firmware writes.
 */
export type HardwareIdWay = 'devid' | 'deveui64' | { info: string } | { file: string };

/** For {@link readHardwareId}. */
export interface HardwareIdOptions extends RequestOptions {
  /** Tried in this order; default: the shell alone, `devid`. */
  readonly ways?: readonly HardwareIdWay[];
}

/** Longer than any id: Zephyr's hwinfo gives at most 16 bytes, which are 32 hex digits. */
const MAX_ID_FILE_BYTES = 256;
const MAX_ID_CHARACTERS = 64;

/**
 * The board's unique hardware id in lower case: hex from the shell or from a file of bytes, the text itself from
 * system information or a file of text. Rejects with `SMP_UNSUPPORTED`, saying what each way answered.
 */
export async function readHardwareId(client: SmpClient, options: HardwareIdOptions = {}): Promise<string> {
  const { ways = ['devid'], ...request } = options;
  const failures: string[] = [];
  for (const way of ways) {
    const id = await readOneWay(client, way, request).catch((error: unknown) => noteRefusal(error, failures));
    if (id !== undefined && isId(id)) return id.toLowerCase();
    if (id !== undefined) failures.push(`it answers with ${id.length} characters that are no id`);
  }
  const why = failures.length === 0 ? '' : ` (${failures.join('; ')})`;
  const sentence = `${client.name}: the board reports no hardware id: ${cureOf(ways)}${why}`;
  throw new SmpError('SMP_UNSUPPORTED', sentence);
}

/** What the firmware must have for the first of these ways. */
function cureOf([first]: readonly HardwareIdWay[]): string {
  if (typeof first === 'object' && 'file' in first)
    return `let the firmware write an id of at most ${MAX_ID_CHARACTERS} printable characters to ${first.file}`;
  return 'switch on CONFIG_HWINFO, CONFIG_HWINFO_SHELL and CONFIG_MCUMGR_GRP_SHELL in the firmware';
}

async function readOneWay(
  client: SmpClient,
  way: HardwareIdWay,
  options: RequestOptions,
): Promise<string | undefined> {
  if (way === 'devid') return await fromShell(client, way, /^ID:\s*0x([0-9a-fA-F]{2,})\s*$/m, options);
  if (way === 'deveui64') return await fromShell(client, way, /^EUI64:\s*0x([0-9a-fA-F]{16})\s*$/m, options);
  if ('info' in way) return nonEmpty(await client.request(OS_INFO, { format: way.info }, options));
  const content = await readFile(client, way.file, { ...options, maxBytes: MAX_ID_FILE_BYTES });
  return content === undefined ? undefined : idOf(content);
}

async function fromShell(
  client: SmpClient,
  command: string,
  pattern: RegExp,
  options: RequestOptions,
): Promise<string | undefined> {
  const { output } = await exec(client, ['hwinfo', command], { ...options, repeatable: true });
  return pattern.exec(output)?.[1];
}

/** Printable text is the id itself; anything else is shown as hex. */
function idOf(content: Uint8Array): string | undefined {
  const text = Buffer.from(content).toString('latin1').trim();
  return nonEmpty(/^[\x21-\x7e]+$/.test(text) ? text : Buffer.from(content).toString('hex'));
}

/** An id names boards in files, queues and records: 1 to 64 printable ASCII characters without spaces. */
function isId(text: string): boolean {
  return text.length <= MAX_ID_CHARACTERS && /^[\x21-\x7e]+$/.test(text);
}

function nonEmpty(text: string): string | undefined {
  const trimmed = text.trim();
  return trimmed === '' ? undefined : trimmed;
}

/** A way the board does not know leads to the next; silence or a lost cable does not. */
function noteRefusal(error: unknown, failures: string[]): undefined {
  if (!isSmpError(error, 'SMP_UNSUPPORTED', 'SMP_DEVICE_ERROR', 'SMP_FILE_TOO_LARGE')) throw error;
  failures.push(error.message);
}

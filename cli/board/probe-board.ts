import { readIssuers } from '../../line/ca.ts';
import type { Invocation } from '../invocation.ts';
import { failureOf } from '../json-answer.ts';
import { printJson } from '../terminal/stdout.ts';
import { askBuffers, askFirmware } from './ask-firmware.ts';
import { askGroups } from './ask-groups.ts';
import { askCredentials, askFileSystem } from './ask-storage.ts';
import type { BoardReport } from './board-report.ts';
import type { BoardOptions, BoardSession } from './board-session.ts';
import { withBoard } from './board-session.ts';
import { Inquiry } from './inquiry.ts';
import { printReport } from './print-report.ts';

/** `certline board probe`. A board that falls silent ends it with what is known so far, and the error. */
export async function probeBoard(invocation: Invocation, port: string, options: BoardOptions): Promise<void> {
  const issuers = knownIssuers(invocation);
  await withBoard(invocation, port, options, async (session) => {
    const inquiry = new Inquiry(session.client, session.signal);
    const report = emptyReport(session, inquiry);
    try {
      await gather(inquiry, report, session, issuers);
    } catch (error) {
      report.error = failureOf(error);
      throw error;
    } finally {
      const { statistics, seen } = session.client;
      report.line = { ...statistics, seen };
      if (options.json === true) printJson(report);
      else printReport(report);
    }
  });
}

async function gather(
  inquiry: Inquiry,
  report: BoardReport,
  { credentials }: BoardSession,
  issuers: readonly Uint8Array[],
): Promise<void> {
  await askFirmware(inquiry, report);
  await askBuffers(inquiry, report);
  await askGroups(inquiry, report);
  for (const mount of credentials.mounts) await askFileSystem(inquiry, report, mount);
  for (const place of credentials.places) await askCredentials(inquiry, report, place, issuers);
}

function emptyReport({ client, port }: BoardSession, { notTold }: Inquiry): BoardReport {
  return {
    port,
    hardwareId: null,
    answerMs: null,
    firmware: { kernel: null, build: null, platform: null, bootloader: null, images: [] },
    buffers: null,
    groups: [],
    fileSystems: [],
    credentials: [],
    line: { ...client.statistics, seen: client.seen },
    error: null,
    notTold,
  };
}

/** Support has no CA on its host: then a whole certificate is shown and not checked. */
function knownIssuers({ config, stateFolder }: Invocation): readonly Uint8Array[] {
  try {
    return readIssuers(stateFolder, config.issuersFile);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'CA_NOT_FOUND') return [];
    throw error;
  }
}

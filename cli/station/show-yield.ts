import type { RejectedBoard } from '../../provisioning/rejected-board.ts';
import type { SocketYield } from '../../registry/registry.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';
import { shownTime } from '../terminal/words.ts';
import type { Invocation } from '../invocation.ts';

/** Rejected boards that the text shows; JSON has up to `JSON_MAX`. */
const SHOWN = 20;
const JSON_MAX = 10_000;

export interface YieldOptions {
  readonly station?: string;
  readonly json?: boolean;
}

/** `certline station yield`. Throws `unknown` where there is no registry. */
export async function showYield(
  invocation: Invocation,
  { station, json = false }: YieldOptions,
): Promise<void> {
  const { sockets, rejected } = await withRegistry(invocation, async (registry) => ({
    sockets: await registry.socketYields(),
    rejected: await registry.rejectedBoards(JSON_MAX),
  }));
  const isOf = ({ stationId }: { readonly stationId: string }): boolean =>
    station === undefined || stationId === station;
  const of = { sockets: sockets.filter(isOf), rejected: rejected.filter(isOf) };
  if (json) printJson(of);
  else await print(of);
}

async function print({
  sockets,
  rejected,
}: {
  readonly sockets: readonly SocketYield[];
  readonly rejected: readonly RejectedBoard[];
}): Promise<void> {
  if (sockets.length === 0) {
    printLine('No board was tried yet.');
    return;
  }
  await printTable(
    [
      ...['socket', 'tries', 'passed', 'failed', 'rejected', 'yield'].map((head) => ({ head })),
      { head: 'most often', wraps: true },
    ],
    sockets.map(({ stationId, socket, passed, failed, rejected: refused, codes }) => {
      const tries = passed + failed + refused;
      const often = codes.slice(0, 2).map(({ code, boards }) => `${code} ${boards}`);
      return [
        `${stationId}/${socket}`,
        String(tries),
        String(passed),
        String(failed),
        String(refused),
        `${((100 * passed) / tries).toFixed(1)} %`,
        often.join(', '),
      ];
    }),
  );
  if (rejected.length === 0) return;
  printLine();
  printLine('Rejected before a key was made, the newest first:');
  await printTable(
    [
      ...['when', 'socket', 'board', 'code', 'unit'].map((head) => ({ head })),
      { head: 'what happened', wraps: true },
    ],
    rejected
      .slice(0, SHOWN)
      .map(({ seenAt, stationId, socket, boardId, code, serial, message }) => [
        shownTime(seenAt),
        `${stationId}/${socket}`,
        boardId ?? 'does not say',
        code,
        serial ?? '',
        message ?? '',
      ]),
  );
  if (rejected.length > SHOWN) printLine(`and ${rejected.length - SHOWN} more: add --json`);
}

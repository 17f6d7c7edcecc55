import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { boardSpeed } from '../../../simulator/board/board-speed.ts';
import type { BoardSpeedChoice } from '../../../simulator/board/board-speed.ts';
import { VirtualBoard } from '../../../simulator/board/virtual-board.ts';
import type { BoardFault } from '../../../simulator/faults.ts';
import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import type { FirmwareProfile } from '../../../simulator/firmware-profile.ts';
import { VirtualSocket } from '../../../simulator/line/virtual-socket.ts';
import type { BoardUart } from '../../../simulator/board/board-uart.ts';
import { SmpClient } from '../../../smp/client/client.ts';
import type { SmpClientOptions } from '../../../smp/client/client.ts';
import { openSerialLink } from '../../../smp/links/serial-link.ts';

/** How a virtual board is set up. */
export interface VirtualPortOptions {
  readonly faults?: readonly BoardFault[];
  readonly profile?: FirmwareProfile;
  readonly speed?: BoardSpeedChoice;
}

/** A virtual board behind a real pseudo-terminal, until the test ends. */
export interface VirtualPort {
  readonly path: string;
  readonly board: VirtualBoard;
  readonly uart: BoardUart;
  /** A client on its port, not connected yet. */
  client(options?: SmpClientOptions): Promise<SmpClient>;
}

/** Starts one board, in a folder of its own; tests that run side by side each have a context. */
export function startVirtualPort(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  options: VirtualPortOptions = {},
): VirtualPort {
  const { faults = [], profile = FIRMWARE_PROFILES.factory, speed = 'instant' } = options;
  const folder = mkdtempSync(join(tmpdir(), 'certline-virtual-'));
  const board = VirtualBoard.create(folder, { profile, faults });
  const figures = boardSpeed(speed);
  const socket = new VirtualSocket(join(folder, 'port'), figures);
  socket.seat(board);
  const clients: SmpClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) await client.close();
    socket.unseat();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    path: socket.portPath,
    board,
    uart: socket.uart as BoardUart,
    client: async (clientOptions) => {
      const { baudRate } = figures;
      const link = await openSerialLink({ path: socket.portPath, ...(baudRate > 0 && { baudRate }) });
      const client = new SmpClient(link, clientOptions);
      clients.push(client);
      return client;
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it, onTestFinished } from 'vitest';

import { BoardUart } from '../../../simulator/board/board-uart.ts';
import { BOARD_SPEEDS } from '../../../simulator/board/board-speed.ts';
import type { BoardSpeed } from '../../../simulator/board/board-speed.ts';
import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import { VirtualBoard } from '../../../simulator/board/virtual-board.ts';
import { cannotRun, reason, startZephyr } from '../../smp/zephyr/zephyr-server.ts';
import { SerialClient, until } from '../smp/serial-client.ts';
import { SHELL_ROWS, withoutTimes } from './shell-rows.ts';
import { echo, frame, status } from '../smp/wire.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PROFILE = {
  ...FIRMWARE_PROFILES['native-sim'],
  transport: 'shell',
  osCommands: ['echo', 'reset', 'params', 'info'],
} as const;
const [HELLO = ''] = frame(echo('x'));

/** A board on a shell UART without a pty: what goes in, and all that came out. */
function shellBoard(speed: BoardSpeed = BOARD_SPEEDS.instant): {
  type: (chunk: string) => void;
  heard: () => string;
} {
  let output = '';
  const board = VirtualBoard.create(temporaryFolder(), { profile: PROFILE });
  const uart = new BoardUart(board, speed, (bytes) => (output += Buffer.from(bytes).toString('latin1')));
  uart.start();
  onTestFinished(() => uart.stop());
  output = '';
  return { type: (chunk) => uart.receive(Buffer.from(chunk, 'latin1')), heard: () => output };
}

describe('SMP on the UART of the shell', () => {
  it('says what Zephyr says, row by row', async () => {
    const { type, heard } = shellBoard();
    const says: string[] = [];
    for (const { chunks } of SHELL_ROWS) {
      const before = heard().length;
      for (const chunk of chunks) {
        type(chunk);
        // Longer than a line waits for the work queue: the next chunk is another burst.
        await sleep(2 * BOARD_SPEEDS.instant.lineHandlingMs);
      }
      says.push(withoutTimes(heard().slice(before)));
    }
    expect(says).toEqual(SHELL_ROWS.map((row) => row.says));
  });

  // Observed, too: a newline does not disarm it. TAB's list of commands, which Zephyr prints then, is left out.
  it.each(['\x06', '\x04'])(
    'is deaf after a lone marker byte, whatever is typed, until its second byte comes',
    (byte) => {
      const { type, heard } = shellBoard();
      type(byte);
      for (const chunk of [HELLO, '\n', 'kernel version\r', HELLO]) type(chunk);
      expect(heard()).not.toContain('\x06');
      type(byte === '\x06' ? '\x09\n' : '\x14\n');
      type(HELLO);
      expect(heard()).toMatch(new RegExp(`${frame(Buffer.from('0b00000600000100bf61726178ff', 'hex'))[0]}$`));
    },
  );

  it('hears a frame after a lone marker byte where each byte interrupts', async () => {
    const { type, heard } = shellBoard({ ...BOARD_SPEEDS.instant, baudRate: 1_000_000 });
    type('\x06');
    type(HELLO);
    expect(await until(() => heard().includes('\x06\x09'))).toBe(true);
  });

  it('is how stock Golioth firmware is reached', async () => {
    let output = '';
    const board = VirtualBoard.create(temporaryFolder(), { profile: FIRMWARE_PROFILES.golioth });
    const uart = new BoardUart(
      board,
      BOARD_SPEEDS.instant,
      (bytes) => (output += Buffer.from(bytes).toString('latin1')),
    );
    uart.start();
    onTestFinished(() => uart.stop());
    uart.receive(Buffer.from('fs mkdir /lfs1/credentials\r'));
    uart.receive(Buffer.from(frame(status('/lfs1/credentials'))[0] ?? '', 'latin1'));
    expect(output).toContain('*** Booting Zephyr OS build v4.4.0 ***\r\n');
    expect(output).toContain('fs mkdir /lfs1/credentials\r\n\x1b[1;32muart:~$ \x1b[m\x06\x09');
  });
});

describe.skipIf(reason)(`the shell of Zephyr 4.4.0${cannotRun}`, () => {
  it('says the same, row by row', async () => {
    const server = await startZephyr('shell');
    onTestFinished(() => server.stop());
    const client = await SerialClient.open(server.path);
    // The greeting may still be on its way.
    await sleep(200);
    client.received = Buffer.alloc(0);
    const heard: string[] = [];
    for (const { chunks, says } of SHELL_ROWS) {
      for (const chunk of chunks) {
        client.send(chunk);
        // The pty is polled every 10 ms: a chunk must not be read with the next one.
        await sleep(40);
      }
      await until(() => withoutTimes(client.received.toString('latin1')).length >= says.length);
      heard.push(withoutTimes(client.received.toString('latin1')));
      client.received = Buffer.alloc(0);
    }
    expect(heard).toEqual(SHELL_ROWS.map(({ says }) => says));
  });
});

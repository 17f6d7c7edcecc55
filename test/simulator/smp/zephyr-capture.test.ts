import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import { renderLines } from '../../../simulator/smp/smp-lines.ts';
import { VirtualBoard } from '../../../simulator/board/virtual-board.ts';
import { hex } from './wire.ts';
import { CONVERSATION } from './zephyr-conversation.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface Exchange {
  readonly name: string;
  readonly request: string;
  readonly answers: readonly string[];
  readonly lines: readonly number[];
}

// Recorded with zephyr-differential.test.ts's sequence from smpclient 7.3.0's native_sim serial build of Zephyr 4.4.0.
const CAPTURE = JSON.parse(
  readFileSync(new URL('captures/zephyr-4.4.0-native-sim-serial.json', import.meta.url), 'utf8'),
) as Exchange[];

describe('a virtual board beside what Zephyr 4.4.0 answered', () => {
  it('was asked the same', () => {
    expect(CAPTURE.map(({ request }) => request)).toEqual(
      CONVERSATION.map(([, message]) => message.toString('hex')),
    );
  });

  it(`answers ${CAPTURE.length} requests in the same bytes and the same lines`, () => {
    const board = VirtualBoard.create(temporaryFolder(), { profile: FIRMWARE_PROFILES['native-sim'] });
    board.start();
    const heard = CAPTURE.map(({ name, request }): Exchange => {
      const answers = board.handleMessage(hex(request));
      const lines = answers.flatMap((answer) => renderLines(answer).map((line) => line.length));
      return { name, request, answers: answers.map((answer) => Buffer.from(answer).toString('hex')), lines };
    });
    expect(heard).toEqual(CAPTURE);
    board.stop();
  });
});

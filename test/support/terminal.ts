import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { onTestFinished } from 'vitest';
import { openPseudoTerminal } from './pseudo-terminal.ts';
import { until } from './until.ts';
import type { Place } from './certline.ts';

/** A command at a terminal. */
export interface AtTerminal {
  /** All that it showed so far, without colours and cursor moves. */
  readonly screen: () => string;
  /** Waits until it shows a text, then types another. */
  answer(question: string, reply: string): Promise<void>;
  readonly ended: Promise<number>;
}

/** Starts a command whose standard streams are all one real terminal. */
export function startAtTerminal(place: Place, args: readonly string[]): AtTerminal {
  const pty = openPseudoTerminal();
  onTestFinished(() => pty.close());
  let shown = '';
  pty.onBytes((bytes) => {
    shown += bytes.toString('utf8');
  });
  const screen = (): string => stripVTControlCharacters(shown);
  const terminal = openSync(pty.path, 'r+');
  const child = place.start(args, [terminal, terminal, terminal]);
  closeSync(terminal);
  return {
    screen,
    answer: async (question, reply) => {
      await until(`it shows "${question}"`, () => screen().includes(question));
      pty.write(Buffer.from(`${reply}\r`));
    },
    ended: once(child, 'exit').then(([status]) => Number(status)),
  };
}

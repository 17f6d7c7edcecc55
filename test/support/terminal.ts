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
  /** The same, as it came. */
  readonly bytes: () => string;
  /** Waits until it shows a text, on however many lines, then types another. */
  answer(question: string, reply: string): Promise<void>;
  /** Presses keys, without Enter. */
  press(keys: string): void;
  /** Gives the terminal another size, of which the command hears. */
  resize(columns: number, rows: number): void;
  readonly ended: Promise<number>;
}

/** Starts a command whose standard streams are all one real terminal of 80 columns and 24 rows. */
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
    bytes: () => shown,
    answer: async (question, reply) => {
      await until(`it shows "${question}"`, () => onOneLine(screen()).includes(onOneLine(question)));
      pty.write(Buffer.from(`${reply}\r`));
    },
    press: (keys) => pty.write(Buffer.from(keys)),
    resize: (columns, rows) => {
      pty.resize(columns, rows);
      // It is not the command's controlling terminal, so the kernel tells it nothing.
      child.kill('SIGWINCH');
    },
    ended: once(child, 'exit').then(([status]) => Number(status)),
  };
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

import type { Command } from 'commander';
import { didYouMean } from './nearest-names.ts';

/** `help batch show` shows what `batch show --help` does, however many words there are. `hidden`: not in the list of commands. */
export function addHelp(parent: Command, hidden: boolean): void {
  parent.helpCommand(false);
  const help = parent.command('help [command...]', { hidden });
  help
    .description('show what a command does; the same as --help behind it')
    .addHelpText('after', '\nExample:\n  certline help batch show')
    .action((words: readonly string[]) => {
      let shown = parent;
      for (const word of words) {
        const names = shown.commands.map((each) => each.name());
        const next = shown.commands[names.indexOf(word)];
        if (next === undefined)
          parent.error(`error: unknown command '${words.join(' ')}'.${didYouMean(word, names)}`, {
            exitCode: 2,
          });
        shown = next;
      }
      shown.outputHelp();
    });
}

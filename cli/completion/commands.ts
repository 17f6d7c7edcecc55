import { command } from '../command.ts';

/** The shells for which there is a script. */
export const SHELLS = ['bash', 'zsh'] as const;

export const completionCommand = command('completion', {
  says: 'print a script that completes commands and options in a shell',
  args: { '<shell>': { says: 'which one', choices: SHELLS } },
  examples: [
    'certline completion bash > /etc/bash_completion.d/certline',
    'certline completion zsh > /usr/local/share/zsh/site-functions/_certline',
  ],
  load: () => import('./print-completion.ts'),
  run: async ({ printCompletion }, { shell }) => await printCompletion(shell),
});

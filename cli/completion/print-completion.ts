import type { Command } from 'commander';
import { printDocument } from '../terminal/stdout.ts';
import type { SHELLS } from './commands.ts';

type Shell = (typeof SHELLS)[number];

/** What can follow, by the words of the command before it: `batch show` has `--json`. */
type Candidates = ReadonlyMap<string, readonly string[]>;

/** `certline completion SHELL`: the script knows every command of this version, and starts none to complete a word. */
export async function printCompletion(shell: Shell): Promise<void> {
  // The program has this command, so it is loaded only now.
  const { certlineProgram } = await import('../program.ts');
  const candidates = candidatesOf(certlineProgram());
  printDocument(SCRIPT[shell](candidates).trimEnd());
}

/** Of a command and of all below it. */
export function candidatesOf(program: Command): Candidates {
  const found = new Map<string, readonly string[]>();
  const shared = optionsOf(program).filter((name) => name !== '--version');
  const add = (command: Command, at: readonly string[]): void => {
    const commands = command.commands.filter((each) => each.name() !== 'help');
    const names = commands.map((each) => each.name());
    const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
    const own = at.length === 0 ? optionsOf(program) : [...optionsOf(command), ...shared];
    const help = names.length > 0 ? ['help'] : [];
    found.set(at.join(' '), [...new Set([...names, ...help, ...choices, ...own, '--help'])]);
    for (const each of commands) add(each, [...at, each.name()]);
  };
  add(program, []);
  return found;
}

function optionsOf(command: Command): string[] {
  return command.options.flatMap(({ long }) => long ?? []);
}

/** Words that are not a command, such as a batch id, leave the command as it is. File names follow where nothing fits. */
const SCRIPT: Readonly<Record<Shell, (candidates: Candidates) => string>> = {
  bash: (candidates) => `# Completion of certline for bash: certline completion bash
_certline() {
  local at='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${at:+$at }\${COMP_WORDS[i]}"
    case "$word" in
      ${knownIn(candidates)}) at="$word" ;;
    esac
  done
  local words=''
  case "$at" in
${casesOf(candidates, (words) => `words='${words}'`)}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _certline certline
`,
  zsh: (candidates) => `#compdef certline
# Completion of certline for zsh: certline completion zsh
_certline() {
  local at='' word i
  for ((i = 2; i < CURRENT; i++)); do
    word="\${at:+$at }\${words[i]}"
    case "$word" in
      (${knownIn(candidates)}) at="$word" ;;
    esac
  done
  local -a names
  case "$at" in
${casesOf(candidates, (words) => `names=(${words})`)}
  esac
  compadd -a names || _files
}
# zsh loads this file as the function of its name.
_certline "$@"
`,
};

function knownIn(candidates: Candidates): string {
  const commands = [...candidates.keys()].filter((at) => at !== '');
  return commands.map((at) => `'${at}'`).join(' | ');
}

function casesOf(candidates: Candidates, assign: (words: string) => string): string {
  return [...candidates].map(([at, words]) => `    ('${at}') ${assign(words.join(' '))} ;;`).join('\n');
}

import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import { mustHaveNamedState, placeOf } from './invocation.ts';
import type { Place } from './invocation.ts';
import { addHelp } from './help-command.ts';
import { answering } from './json-answer.ts';

/** An argument or option: what `--help` says about it, and which values it takes. */
interface ValueRow {
  readonly says: string;
  /** Throws commander's InvalidArgumentError, with a sentence that says what is expected. */
  readonly parse?: (text: string) => unknown;
  readonly choices?: readonly string[];
  readonly default?: unknown;
  /** An option that has no default and must be given. */
  readonly required?: true;
}

/** Arguments or options by their usage, such as `<file>`, `[words...]`, `--json` or `--code <code...>`. */
type Rows = Readonly<Record<string, string | ValueRow>>;

type Camel<Name> = Name extends `${infer Word}-${infer Rest}` ? `${Word}${Capitalize<Camel<Rest>>}` : Name;

type OptionName<Usage> = Usage extends `--${infer Name} ${string}`
  ? Camel<Name>
  : Usage extends `--${infer Name}`
    ? Camel<Name>
    : never;

type ArgumentName<Usage> = Usage extends `${'<' | '['}${infer Name}...${'>' | ']'}`
  ? Name
  : Usage extends `${'<' | '['}${infer Name}${'>' | ']'}`
    ? Name
    : never;

type Single<Row, Otherwise> = Row extends { readonly parse: (text: string) => infer Value }
  ? Value
  : Row extends { readonly choices: readonly (infer Choice)[] }
    ? Choice
    : Otherwise;

type Value<Usage, Row> = Usage extends `${string}...${string}`
  ? readonly Single<Row, string>[]
  : Usage extends `${string}${'<' | '['}${string}`
    ? Single<Row, string>
    : boolean;

type IsSure<Row> = Row extends { readonly default: unknown } | { readonly required: true } ? true : false;

type Arguments<Args> = {
  readonly [Usage in keyof Args as ArgumentName<Usage>]:
    | Value<Usage, Args[Usage]>
    | (Usage extends `<${string}` | `[${string}...]`
        ? never
        : IsSure<Args[Usage]> extends true
          ? never
          : undefined);
};

type Options<Given> = {
  readonly [Usage in keyof Given as IsSure<Given[Usage]> extends true ? OptionName<Usage> : never]: Value<
    Usage,
    Given[Usage]
  >;
} & {
  readonly [Usage in keyof Given as IsSure<Given[Usage]> extends true ? never : OptionName<Usage>]?: Value<
    Usage,
    Given[Usage]
  >;
};

interface HelpTexts {
  /** One line for the list of commands, without a full stop. */
  readonly says: string;
  /** What else `--help` says, between the options and the examples. */
  readonly notes?: string;
  /** Whole command lines. */
  readonly examples?: readonly string[];
}

interface CommandRow<Args, Given, Module> extends HelpTexts {
  /** In the order in which they are typed. */
  readonly args?: Args;
  readonly options?: Given;
  /** Reads what a line has left in its state folder, so the folder that is named must be there. */
  readonly readsState?: true;
  /** Runs before anything is loaded. */
  readonly before?: (options: Options<Given>) => void;
  /** Loads the file with the action: Temporal's client alone takes longer to load than most commands take. */
  readonly load: () => Promise<Module>;
  readonly run: (
    module: Module,
    given: Place & Arguments<Args> & { readonly options: Options<Given> },
  ) => unknown;
}

/** Adds itself to a command or to the program. */
export type Entry = (parent: Command) => void;

/** A command and its action. */
export function command<const Args extends Rows, const Given extends Rows, Module>(
  name: string,
  row: CommandRow<Args, Given, Module>,
): Entry {
  return (parent) => {
    const args = Object.entries(row.args ?? {}).map(([usage, each]) => argumentOf(usage, rowOf(each)));
    const added = described(parent.command(name), row);
    for (const argument of args) added.addArgument(argument);
    for (const [usage, each] of Object.entries(row.options ?? {}))
      added.addOption(optionOf(usage, rowOf(each)));
    added.action(async () => {
      const options = added.opts<Options<Given>>();
      const run = async (): Promise<void> => {
        if (row.readsState === true) mustHaveNamedState(added);
        row.before?.(options);
        const values = args.map((argument, at) => [argument.name(), added.processedArgs[at]] as const);
        const given = { ...Object.fromEntries(values), ...placeOf(added), options };
        await row.run(await row.load(), given as Parameters<typeof row.run>[1]);
      };
      await ('json' in options ? answering(run) : run());
    });
  };
}

/** A word with commands behind it. */
export function group(name: string, texts: HelpTexts, commands: readonly Entry[]): Entry {
  return (parent) => {
    const added = described(parent.command(name), texts);
    addHelp(added, true);
    for (const add of commands) add(added);
  };
}

function described(target: Command, { says, notes, examples = [] }: HelpTexts): Command {
  target.description(says);
  if (notes !== undefined) target.addHelpText('after', `\n${notes.trim()}`);
  if (examples.length > 0) target.addHelpText('after', `\n${exampleText(examples)}`);
  return target;
}

function exampleText(examples: readonly string[]): string {
  return [examples.length === 1 ? 'Example:' : 'Examples:', ...examples.map((each) => `  ${each}`)].join(
    '\n',
  );
}

function rowOf(row: string | ValueRow): ValueRow {
  return typeof row === 'string' ? { says: row } : row;
}

function argumentOf(usage: string, row: ValueRow): Argument {
  const argument = new Argument(usage, row.says);
  if (row.choices !== undefined) argument.choices(row.choices);
  if (row.default !== undefined) argument.default(row.default);
  const { parse } = row;
  if (parse !== undefined) argument.argParser(parse);
  return argument;
}

function optionOf(usage: string, row: ValueRow): Option {
  const option = new Option(usage, row.says);
  if (row.choices !== undefined) option.choices(row.choices);
  if (row.default !== undefined) option.default(row.default);
  if (row.required === true) option.makeOptionMandatory();
  const { parse } = row;
  if (parse !== undefined)
    option.argParser((text: string, earlier: unknown) =>
      option.variadic ? [...((earlier as unknown[] | undefined) ?? []), parse(text)] : parse(text),
    );
  return option;
}

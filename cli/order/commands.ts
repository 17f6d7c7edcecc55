import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { CreateOrderOptions } from './create-order.ts';
import type { InitReleaseKeyOptions } from './init-release-key.ts';
import { invocationOf, stateFolderOf } from '../invocation.ts';
import type { ShowOrderOptions } from './show-order.ts';
import type { SignOrderOptions } from './sign-order.ts';

/** Commands about orders: what the OEM allows a line to issue. */
export function addOrderCommands(program: Command): void {
  const order = program
    .command('order')
    .description('say what a line may issue, sign it, see it, end it')
    .addHelpText(
      'after',
      `
At the OEM:      certline order key init --name acme-release
                 certline order create PO-1001 --product golioth-node --quantity 500
                 certline order sign PO-1001.order
At the signer:   certline order show PO-1001
                 certline order close PO-1001`,
    );
  addKeyCommand(order);
  addCreateCommand(order);
  order
    .command('sign')
    .description('sign an order with the release key; the file is then as signers want it')
    .argument('<file>', 'as "order create" made it, or signed before and to be signed anew')
    .option('--key <folder>', 'folder of the release key; else the one in the state folder')
    .option('--passphrase-file <file>', 'its passphrase; else the one in the state folder')
    .addHelpText('after', '\nExample:\n  certline order sign PO-1001.order --key /media/oem/release')
    .action(async (file: string, options: SignOrderOptions, command: Command) => {
      const { signOrderFile } = await import('./sign-order.ts');
      signOrderFile(stateFolderOf(command), file, options);
    });
  order
    .command('show')
    .description("verify an order's signature, and see what it allows and what of that is used")
    .argument('<order>', 'its file, or the number of one that lies at the signer')
    .option('--release-keys <file>', 'public release keys to trust; else those of the signer')
    .option('--json', 'one JSON document instead of text')
    .addHelpText('after', '\nExample:\n  certline order show PO-1001.order --release-keys release.vkey')
    .action(async (given: string, options: ShowOrderOptions, command: Command) => {
      const { showOrder } = await import('./show-order.ts');
      await showOrder(invocationOf(command), given, options);
    });
  order
    .command('close')
    .description('at the signer: end an order for good; nothing is released or signed under it any more')
    .argument('<order>', 'its number')
    .addHelpText('after', '\nExample:\n  certline order close PO-1001')
    .action(async (id: string, _options: object, command: Command) => {
      const { closeOrder } = await import('./close-order.ts');
      await closeOrder(invocationOf(command), id);
    });
}

function addKeyCommand(order: Command): void {
  order
    .command('key')
    .description('the release key: whoever has it says what may be issued')
    .command('init')
    .description('make a release key; never overwrites one')
    .option('--name <name>', 'stands in each signature', 'release')
    .option('--folder <folder>', 'where it shall lie; else in the state folder')
    .option('--passphrase-file <file>', 'its passphrase, a file of mode 600; else a random one is made')
    .addHelpText(
      'after',
      '\nExample:\n  certline order key init --name acme-release --folder /media/oem/release',
    )
    .action(async (options: InitReleaseKeyOptions, command: Command) => {
      const { initReleaseKey } = await import('./init-release-key.ts');
      initReleaseKey(invocationOf(command), options);
    });
}

function addCreateCommand(order: Command): void {
  order
    .command('create')
    .description('write an order to be signed')
    .argument('<order>', 'its number, as in the manifests')
    .requiredOption('--product <names...>', 'what may be made')
    .requiredOption('--quantity <number>', 'units, over all manifests of this order', whole(1))
    .option('--reissues <number>', 'certificates beyond one a unit; else a tenth of the quantity', whole(0))
    .option('--opens <time>', 'first moment, ISO 8601; else now', moment)
    .option(
      '--closes <time>',
      'when it ends, ISO 8601, a day alone as it begins in UTC; else 90 days after it opens',
      moment,
    )
    .option('--manifest <file>', 'the one manifest that is meant')
    .option('--revision <number>', 'higher than the one before, when an order is changed', whole(1), 1)
    .option('--out <file>', 'else <order>.order')
    .addHelpText(
      'after',
      `
Examples:
  certline order create PO-1001 --product golioth-node --quantity 500
  certline order create PO-1001 --product golioth-node --quantity 600 --revision 2
  certline order create PO-1002 --product golioth-node --quantity 24 --manifest lot-0002.csv --closes 2027-01-31`,
    )
    .action(async (id: string, options: CreateOrderOptions) => {
      const { createOrder } = await import('./create-order.ts');
      await createOrder(id, options);
    });
}

function whole(from: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= from) return value;
    throw new InvalidArgumentError(`a whole number from ${from} on`);
  };
}

function moment(text: string): Date {
  const time = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError('a time like 2027-01-31 or 2027-01-31T18:00:00Z');
}

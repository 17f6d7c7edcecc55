import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { BOARD_SPEEDS } from '../../../simulator/board/board-speed.ts';
import type { BoardFault } from '../../../simulator/faults.ts';
import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import type { SmpClient } from '../../../smp/client/client.ts';
import { listDirectory } from '../../../smp/files/list-directory.ts';
import { makeDirectory } from '../../../smp/files/make-directory.ts';
import { removeFile } from '../../../smp/files/remove-file.ts';
import { typeCommand } from '../../../smp/shell/type-command.ts';
import { startVirtualPort } from './virtual-port.ts';
import type { VirtualPort } from './virtual-port.ts';

const WITHOUT_GROUP: BoardFault = { kind: 'unsupported-group', group: 9 };

/** A console with a shell and no shell group, on a wire on which bytes come one after the other. */
async function typedBoard(
  context: Pick<TestContext, 'onTestFinished'>,
  ...faults: readonly BoardFault[]
): Promise<{ port: VirtualPort; client: SmpClient }> {
  const port = startVirtualPort(context, {
    profile: { ...FIRMWARE_PROFILES.golioth, osCommands: ['echo', 'params'] },
    speed: { ...BOARD_SPEEDS.instant, baudRate: 57_600 },
    faults: [WITHOUT_GROUP, ...faults],
  });
  mkdirSync(join(port.board.directory, 'lfs1/full'), { recursive: true });
  for (const name of ['a>', 'b', '>', 'c $', '#']) {
    writeFileSync(join(port.board.directory, 'lfs1/full', name), 'x');
  }
  const client = await port.client();
  await client.connect();
  return { port, client };
}

const PROMPTS = ['uart:~$ ', '> ', 'board # ', '=>', '[dev] % ', 'shell>', 'a:'];

describe('a shell that is typed to', { timeout: 60_000 }, () => {
  it.concurrent.for(PROMPTS)('is read to the end with the prompt %j', async (text, context) => {
    const { client } = await typedBoard(context, { kind: 'shell-prompt', text });
    const { output, ret } = await typeCommand(client, 'fs ls /lfs1/full');
    expect(new Set(output.split('\n'))).toEqual(new Set(['', 'a>', 'b', '>', 'c $', '#']));
    expect(ret).toBe(0);
    expect(await typeCommand(client, 'nonsense')).toEqual({
      output: 'nonsense: command not found\n',
      ret: -8,
    });
  });

  it.concurrent.for<readonly BoardFault[]>([[], [{ kind: 'shell-without-result' }]])(
    'says of a command that fails that it failed: %j',
    async (faults, context) => {
      const { port, client } = await typedBoard(context, { kind: 'shell-prompt', text: '> ' }, ...faults);
      await expect(removeFile(client, '/lfs1/full')).rejects.toMatchObject({ code: 'SMP_SHELL_FAILED' });
      await removeFile(client, '/lfs1/full/b');
      expect(port.board.flash.list('/lfs1/full')).not.toContain('b');
      await makeDirectory(client, '/lfs1/new/below');
      expect(port.board.flash.list('/lfs1/new')).toEqual(['below/']);
      expect((await listDirectory(client, '/lfs1/full'))?.entries).toHaveLength(4);
      expect(await listDirectory(client, '/lfs1/none')).toBeUndefined();
    },
  );

  it.concurrent('is not taken for one where a line only comes back', async (context) => {
    const port = startVirtualPort(context, { faults: [WITHOUT_GROUP] });
    const client = await port.client();
    await client.connect();
    await expect(typeCommand(client, 'fs ls /')).rejects.toMatchObject({ code: 'SMP_UNSUPPORTED' });
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import type { SmpClientOptions } from '../../../smp/client/client.ts';
import { makeDirectory } from '../../../smp/files/make-directory.ts';
import { RAW_FRAMING } from '../../../smp/framing/raw-framing.ts';
import { openSerialLink } from '../../../smp/links/serial-link.ts';
import { typeCommand } from '../../../smp/shell/type-command.ts';
import { startZephyr, cannotRun, reason } from './zephyr-server.ts';
import { echo } from '../client/echo.ts';
import { exec } from '../../../smp/shell/exec.ts';
import { OS_PARAMETERS } from '../../../smp/requests/os-requests.ts';

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const resource of running.splice(0).toReversed()) await resource.stop();
});

async function connect(build: string, options: SmpClientOptions = {}, budgetMs = 10_000): Promise<SmpClient> {
  const server = await startZephyr(build);
  running.push(server);
  const client = new SmpClient(await openSerialLink({ path: server.path }), options);
  running.push({ stop: () => client.close() });
  await client.connect({ budgetMs });
  return client;
}

/** The longest text whose echo request fills a message of that size. */
function textFilling(messageBytes: number): string {
  const room = messageBytes - 8 - 3; // header, map and key
  const head = room - 1 < 24 ? 1 : room - 2 < 256 ? 2 : 3;
  return 'a'.repeat(room - head);
}

describe.skipIf(reason)(`transports and buffers of real Zephyr${cannotRun}`, () => {
  it.each([
    ['serial_buf96', 96],
    ['serial_buf256', 256],
    ['serial_buf400', 400],
    ['serial_buf512', 512],
    ['serial_buf1024', 1024],
    ['serial_buf2048', 2048],
  ])(
    '%s takes a message of exactly its buffer less four bytes, and no larger one is sent',
    async (build, bufferBytes) => {
      const client = await connect(build);
      expect(client.limit.ceilingBytes).toBe(bufferBytes - 4);
      const full = textFilling(bufferBytes - 4);
      expect(await echo(client, full)).toBe(full);
      if (bufferBytes < 182) return;
      await expect(echo(client, `${full}aa`)).rejects.toMatchObject({ code: 'SMP_TOO_LARGE' });
    },
  );

  it('serial_line512: a buffer of 2048 bytes is of no use when 22 lines come in one burst', async () => {
    const client = await connect('serial_line512');
    expect(client.limit.ceilingBytes).toBe(2044);
    const options = { attempts: 1 };
    await expect(echo(client, textFilling(2044), options)).rejects.toMatchObject({ code: 'SMP_TIMEOUT' });
    const full = textFilling(182);
    expect(await echo(client, full)).toBe(full);
  });

  it('serial_noparams: stays at two lines when the board does not tell its buffers', async () => {
    const client = await connect('serial_noparams');
    await expect(client.request(OS_PARAMETERS, undefined)).rejects.toMatchObject({ code: 'SMP_UNSUPPORTED' });
    expect(client.limit.ceilingBytes).toBe(182);
    const full = textFilling(182);
    expect(await echo(client, full)).toBe(full);
  });

  it('shell: finds the answers on a UART that a shell shares, and passes its text on', async () => {
    const lines: string[] = [];
    const client = await connect('shell', { onText: (line) => lines.push(line) });
    for (const words of ['one', 'two', 'a'.repeat(100)]) expect(await echo(client, words)).toBe(words);
    await client.connect(); // its newline makes the shell print a second prompt, which ends the line of the first
    expect(lines.join('\n')).toContain('uart:~$');
    // This build has no shell group: what it can run, it runs typed.
    await expect(exec(client, ['kernel', 'version'])).rejects.toMatchObject({ code: 'SMP_UNSUPPORTED' });
    expect(await typeCommand(client, 'kernel version')).toEqual({ output: 'Zephyr version 4.4.0\n', ret: 0 });
    expect((await typeCommand(client, 'nonsense')).ret).toBe(-8);
    // A line of this help ends in ">", as prompts do.
    const help = await typeCommand(client, 'kernel');
    expect(help.output).toContain('<severity');
    expect(help.output).toContain('Kernel version.');
    expect(help.ret).toBe(1);
    await expect(makeDirectory(client, '/lfs1/a')).rejects.toMatchObject({ code: 'SMP_UNSUPPORTED' });
    expect(await echo(client, 'still there')).toBe('still there');
  });

  it('raw: speaks without frames', async () => {
    const client = await connect('serial_raw', { framing: RAW_FRAMING });
    expect(client.limit.currentBytes).toBe(384);
    for (const size of [20, 100, 250, 380]) {
      const words = textFilling(size);
      expect(await echo(client, words)).toBe(words);
    }
    expect((await exec(client, ['kernel', 'version'])).output).toContain('4.4.0');
  });

  it('raw: the console framing reports that nobody answers', async () => {
    await expect(connect('serial_raw', {}, 600)).rejects.toMatchObject({ code: 'SMP_TIMEOUT' });
  });
});

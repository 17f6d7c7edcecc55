import { describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import { readHardwareId } from '../../../smp/hardware-id.ts';
import { listDirectory } from '../../../smp/files/list-directory.ts';
import { makeDirectory } from '../../../smp/files/make-directory.ts';
import { removeFile } from '../../../smp/files/remove-file.ts';
import { FileBoard } from './file-board.ts';

describe('makeDirectory', () => {
  it('makes it and those above it, and is content when it exists', async () => {
    const board = new FileBoard();
    const client = new SmpClient(board.link);
    await makeDirectory(client, '/lfs1/a/b');
    await makeDirectory(client, '/lfs1/a/b');
    expect([...board.directories]).toEqual(['/lfs1', '/lfs1/a', '/lfs1/a/b']);
  });

  it.each(['/lfs1/a b', '/lfs1/a;b', '/lfs1/"a"', '/lfs1/a\nb'])(
    'refuses %j, which a shell would not take for one word',
    async (path) => {
      const board = new FileBoard();
      const failure = makeDirectory(new SmpClient(board.link), path);
      await expect(failure).rejects.toMatchObject({ code: 'SMP_INVALID_ARGUMENT' });
      expect(board.frameCount).toBe(0);
    },
  );
});

describe('makeDirectory on a UART that a shell shares, without the shell group', () => {
  /** A shell that echoes what is typed, prints and prompts, with colours; the rest goes to the board. */
  function boardWithTextShell(answers: Record<string, string>): FileBoard {
    const board = new FileBoard();
    board.has.shell = false;
    const toBoard = board.link.onWrite;
    board.link.onWrite = (bytes) => {
      const typed = bytes.toString('latin1');
      if (typed.startsWith('\u0006')) return toBoard(bytes);
      const command = typed.trim();
      const output = answers[command] ?? (command === '' ? '' : `${command}: command not found\r\n`);
      for (const piece of [typed.replace('\n', '\r\n'), output, '\u001b[1;32mua', 'rt:~$ \u001b[m'])
        board.link.receive(piece);
    };
    return board;
  }

  it('types the command, and makes the parents first', async () => {
    let parentMade = false;
    const answers = {
      get 'fs mkdir /lfs1/a/b'() {
        return parentMade ? '' : 'Error creating dir[-2]\r\n';
      },
      get 'fs mkdir /lfs1/a'() {
        parentMade = true;
        return '';
      },
    };
    await makeDirectory(new SmpClient(boardWithTextShell(answers).link), '/lfs1/a/b');
    expect(parentMade).toBe(true);
  });

  it('takes one that exists for success', async () => {
    const answers = { 'fs mkdir /lfs1/a': 'Error creating dir[-17]\r\n' };
    await expect(
      makeDirectory(new SmpClient(boardWithTextShell(answers).link), '/lfs1/a'),
    ).resolves.toBeUndefined();
  });

  it('lists nothing where there is no such directory', async () => {
    const answers = { 'fs ls /lfs1/none': 'Unable to open /lfs1/none (err -2)\r\n' };
    const { link } = boardWithTextShell(answers);
    expect(await listDirectory(new SmpClient(link), '/lfs1/none')).toBeUndefined();
  });

  it('ends at once when the cable is pulled while a command runs', async () => {
    const board = boardWithTextShell({});
    const shell = board.link.onWrite;
    board.link.onWrite = (bytes) => {
      if (bytes.toString().startsWith('fs')) board.link.unplug(new Error('disconnected'));
      else shell(bytes);
    };
    const failure = makeDirectory(new SmpClient(board.link), '/lfs1/a');
    await expect(failure).rejects.toMatchObject({ code: 'LINK_LOST' });
  });

  it('names the firmware options when the shell has no such command', async () => {
    const failure = makeDirectory(new SmpClient(boardWithTextShell({}).link), '/lfs1/a');
    await expect(failure).rejects.toMatchObject({ code: 'SMP_UNSUPPORTED' });
  });
});

describe('removeFile', () => {
  it('removes a file, and is content when there is none', async () => {
    const board = new FileBoard();
    board.files.set('/lfs1/a', Buffer.from('x'));
    const client = new SmpClient(board.link);
    await removeFile(client, '/lfs1/a');
    expect(board.files.size).toBe(0);
    await removeFile(client, '/lfs1/a');
  });

  it('names the firmware options where there is no shell', async () => {
    const board = new FileBoard();
    board.has.shell = false;
    await expect(removeFile(new SmpClient(board.link), '/lfs1/a')).rejects.toMatchObject({
      code: 'SMP_UNSUPPORTED',
      message: expect.stringContaining('CONFIG_MCUMGR_GRP_SHELL') as string,
    });
  });
});

describe('readHardwareId', () => {
  it('reads the id the shell prints, as lower-case hex', async () => {
    expect(await readHardwareId(new SmpClient(new FileBoard().link))).toBe('00ab12cd34ef5678');
  });

  it('names the firmware options where there is no shell', async () => {
    const board = new FileBoard();
    board.has.shell = false;
    await expect(readHardwareId(new SmpClient(board.link))).rejects.toMatchObject({
      code: 'SMP_UNSUPPORTED',
      message: expect.stringContaining('CONFIG_HWINFO_SHELL') as string,
    });
  });
});

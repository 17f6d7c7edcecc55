import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { VirtualBoard } from '../../../simulator/board/virtual-board.ts';
import { blocksOf, followCommands } from '../../cli/follow-docs.ts';
import type { Credential } from '../../pki/dtls/delivered-credential.ts';
import { fileIn, openssl } from '../../pki/openssl.ts';
import { newPlace } from '../../support/certline.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { manifest, startLineRig } from '../line-rig.ts';
import type { LineRig } from '../line-rig.ts';
import { Mosquitto, MOSQUITTO_INSTALLED } from './mosquitto.ts';

const REFUSED = { name: undefined, isAccepted: false };

let rig: LineRig | undefined;
afterEach(() => rig?.end());

function filesOn({ directory }: VirtualBoard): Credential {
  const [key, certificate] = ['key.der', 'crt.der'].map((name) =>
    readFileSync(join(directory, 'lfs1/credentials', name)),
  ) as [Buffer, Buffer];
  return { key, certificate };
}

/** A device of another root, which has the name of a unit. */
function impostor(folder: string, serial: string): Credential {
  const [keyPath, path] = [join(folder, 'impostor.key'), join(folder, 'impostor.crt')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...curve, '-subj', `/CN=${serial}`, '-keyout', keyPath, '-out', path);
  return {
    key: openssl('ec', '-in', keyPath, '-outform', 'DER'),
    certificate: openssl('x509', '-in', path, '-outform', 'DER'),
  };
}

describe.skipIf(!MOSQUITTO_INSTALLED)(
  'Mosquitto as docs/clouds.md sets it up (test/end-to-end/broker/install-mosquitto.sh installs it)',
  () => {
    it('lets provisioned devices in by their names, and no revoked one or one of another root', async () => {
      const sockets = ['1', '2'];
      rig = await startLineRig({ stations: [{ id: 'st-1', sockets }] });
      const [folder, place] = [temporaryFolder(), newPlace({ CERTLINE_STATE: rig.folder })];
      const boards = sockets.map((socket) => rig!.boards.insertBoard('st-1', socket));
      rig.drop('lot.csv', manifest(2));
      await rig.closed('lot.csv');
      const { boardId } = (await rig.line.registry.unit('CL-000001'))!.certificates[0]!;
      const [first, second] = boards
        .toSorted((one) => (one.hardwareId === boardId ? -1 : 1))
        .map(filesOn) as [Credential, Credential];

      const exportFiles = (): string =>
        followCommands('clouds.md', 'Brokers', { cwd: folder, env: place.environment });
      exportFiles();
      fileIn(folder, 'acl', blocksOf('clouds.md', 'Brokers', 'acl'));
      const broker = await Mosquitto.start(folder, blocksOf('clouds.md', 'Brokers', 'conf'));
      const own = (serial: string): string => `devices/${serial}/hello`;
      for (const [serial, files] of [
        ['CL-000001', first],
        ['CL-000002', second],
      ] as const)
        expect(await broker.publish(files, own(serial))).toEqual({ name: serial, isAccepted: true });
      // The name is that of the certificate: the topics of others stay theirs.
      expect(await broker.publish(first, own('CL-000002'))).toEqual({ name: 'CL-000001', isAccepted: false });
      expect(await broker.publish(impostor(folder, 'CL-000001'), own('CL-000001'))).toEqual(REFUSED);
      // The certificate of one with the key of another.
      expect(await broker.publish({ ...first, key: second.key }, own('CL-000001'))).toEqual(REFUSED);

      const revoke = ['cert', 'revoke', 'CL-000001', '--reason', 'keyCompromise', '--yes'];
      expect(await place.certline(...revoke)).toMatchObject({ status: 0 });
      expect(await place.certline('ca', 'crl')).toMatchObject({ status: 0 });
      exportFiles();
      broker.reload();
      await until('the broker has the new list', async () => {
        return (await broker.publish(first, own('CL-000001'))).name === undefined;
      });
      expect(await broker.publish(first, own('CL-000001'))).toEqual(REFUSED);
      expect(await broker.publish(second, own('CL-000002'))).toEqual({ name: 'CL-000002', isAccepted: true });
    });
  },
);

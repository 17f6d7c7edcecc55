import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkKeys } from '../../../cli/doctor/check-keys.ts';
import type { Finding } from '../../../cli/doctor/finding.ts';
import { parseLineConfig } from '../../../line/config.ts';
import {
  auditKeyPath,
  auditVerifierPath,
  caFolder,
  intakeKeyPath,
  permitKeyPath,
  permitVerifierPath,
  stationKeyPath,
} from '../../../line/state-folder.ts';
import { admitOwnIntake, openPermitKey } from '../../../line/trusted-keys.ts';
import { createAuditKey } from '../../../pki/keys/audit-key.ts';
import { verifierText } from '../../../pki/keys/signed-note.ts';
import { ensureStationKey } from '../../../pki/keys/station-key.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** A host with every role, whose lists name all of them. */
function wholeHost() {
  const state = temporaryFolder();
  mkdirSync(caFolder(state), { recursive: true });
  const [signerKeysFile, stationKeysFile] = [join(state, 'signer-keys'), join(state, 'station-keys')];
  const station = { id: 'st-1', sockets: [{ id: '1', port: '/dev/ttyNONE', product: 'node' }] };
  const config = parseLineConfig(
    {
      products: [{ name: 'node', organization: 'Acme' }],
      stations: [station],
      signerKeysFile,
      stationKeysFile,
    },
    'the test',
    state,
  );
  admitOwnIntake(state, config);
  const permit = openPermitKey(state);
  const audit = createAuditKey(auditKeyPath(state));
  writeFileSync(auditVerifierPath(state), `${verifierText(audit.verifier)}\n`);
  const own = ensureStationKey(stationKeyPath(state, 'st-1'), 'st-1');
  const list = [audit, own].map(({ verifier }) => verifierText(verifier));
  writeFileSync(stationKeysFile, `${list.join('\n')}\n`);
  writeFileSync(signerKeysFile, `${verifierText(permit.verifier)}\n`);
  const check = (environment = {}) => checkKeys({ stateFolder: state, config }, environment);
  return {
    state,
    config,
    signerKeysFile,
    stationKeysFile,
    intakeList: join(state, 'signer', 'intake-keys'),
    check,
  };
}

type Host = ReturnType<typeof wholeHost>;

const troubles = (findings: readonly Finding[]) => findings.filter(({ verdict }) => verdict !== 'ok');

const stranger = (): string =>
  verifierText(ensureStationKey(join(temporaryFolder(), 'key'), 'stranger').verifier);

describe('the doctor, on keys', () => {
  it('names each key and each list of a host where all is well', () => {
    const findings = wholeHost().check();
    expect(troubles(findings)).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual([
      'intake key',
      'permit key',
      'audit key',
      'intake list',
      'signer list',
      'station list',
    ]);
  });

  it.each<[string, string, (host: Host) => void, RegExp]>([
    [
      'an intake key that others can read',
      'intake key',
      ({ state }) => chmodSync(intakeKeyPath(state), 0o640),
      /chmod 600/,
    ],
    [
      'a permit key that others can read',
      'permit key',
      ({ state }) => chmodSync(permitKeyPath(state), 0o604),
      /chmod 600/,
    ],
    [
      'an audit key that others can read',
      'audit key',
      ({ state }) => chmodSync(auditKeyPath(state), 0o644),
      /chmod 600/,
    ],
    [
      'an intake key that is cut',
      'intake key',
      ({ state }) => writeFileSync(intakeKeyPath(state), 'x'),
      /cannot be used/,
    ],
    [
      'a permit key that is cut',
      'permit key',
      ({ state }) => writeFileSync(permitKeyPath(state), ''),
      /cannot be used/,
    ],
    [
      'an audit key that is cut',
      'audit key',
      ({ state }) => writeFileSync(auditKeyPath(state), ''),
      /cannot be used/,
    ],
    [
      'a permit.pub of another key',
      'permit key',
      ({ state }) => writeFileSync(permitVerifierPath(state), stranger()),
      /not the public half/,
    ],
    [
      'an audit.pub of another key',
      'audit key',
      ({ state }) => writeFileSync(auditVerifierPath(state), stranger()),
      /not the public half/,
    ],
    [
      'an intake that is not admitted',
      'intake list',
      ({ intakeList }) => writeFileSync(intakeList, stranger()),
      /does not have intake of this host: type "certline intake enroll"/,
    ],
    ['no intake', 'intake list', ({ intakeList }) => rmSync(intakeList), /nobody is in/],
    [
      'a list that others can write',
      'intake list',
      ({ intakeList }) => chmodSync(intakeList, 0o622),
      /chmod go-w/,
    ],
    [
      'a line that is no key',
      'signer list',
      ({ signerKeysFile }) => writeFileSync(signerKeysFile, 'x+y'),
      /Text line 1/,
    ],
    ['no signer', 'signer list', ({ signerKeysFile }) => rmSync(signerKeysFile), /nobody is in .*signer-key/],
    [
      'another signer',
      'signer list',
      ({ signerKeysFile }) => writeFileSync(signerKeysFile, stranger()),
      /does not have signer of this host/,
    ],
    [
      'a station that is not in the list',
      'station list',
      ({ state, stationKeysFile }) => cpSync(auditVerifierPath(state), stationKeysFile),
      /does not have st-1 of this host/,
    ],
  ])('says what is wrong with %s', (_what, check, spoil, says) => {
    const host = wholeHost();
    spoil(host);
    const found = troubles(host.check()).filter((finding) => finding.check === check);
    expect(found).toMatchObject([{ says: expect.stringMatching(says) }]);
  });

  it('warns where the registry cannot notice an old copy of the ledger', () => {
    const host = wholeHost();
    rmSync(auditKeyPath(host.state));
    const stations = readFileSync(host.stationKeysFile, 'utf8').split('\n').slice(1).join('\n');
    writeFileSync(host.stationKeysFile, stations);
    expect(troubles(host.check())).toMatchObject([
      { check: 'station list', verdict: 'warn', says: expect.stringContaining('audit log') },
    ]);
  });

  it('looks at payload keys where they are used, and at a witness in its folder', () => {
    const host = wholeHost();
    const path = join(host.state, 'payload-keys');
    writeFileSync(path, randomBytes(32).toString('base64'), { mode: 0o600 });
    const environment = { CERTLINE_PAYLOAD_KEYS: path };
    expect(host.check(environment).at(-1)).toMatchObject({ check: 'payload keys', verdict: 'ok' });
    chmodSync(path, 0o644);
    expect(host.check(environment).at(-1)).toMatchObject({ verdict: 'fail', reason: 'configuration' });
    ensureStationKey(join(host.state, 'witness.key.pem'), 'certline-witness');
    const ofWitness = () => host.check().filter(({ check }) => check.startsWith('witness'));
    expect(ofWitness()).toMatchObject([{ verdict: 'ok' }, { verdict: 'fail' }]);
    writeFileSync(join(host.state, 'signers'), `${stranger()}\n`);
    expect(ofWitness()).toMatchObject([{ verdict: 'ok' }, { verdict: 'ok' }]);
  });
});

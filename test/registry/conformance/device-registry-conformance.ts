import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DeviceRegistryError, isOfDevice } from '../../../registry/device-registry-error.ts';
import type { Device, DeviceRegistry, Presence } from '../../../registry/device-registry.ts';

/**
 * timeout-after-commit: it does what it is asked and never answers. cut-after-commit: its answer breaks off. slow: its answer
 * comes a byte at a time. endless: its answer has no end. garbage: something else answers, with a success. throttle,
 * server-error and bad-credentials: it does nothing, and says so in its own words, in which it repeats all credentials. stale-read:
 * it does what it is asked, and who looks does not see yet what was done before. other-protocol: it answers 101. no-route, no-method
 * and sign-in: not it answers, but an ingress or a portal before it. stub: something else answers with an empty object.
 * mixed-up: a cache before it answers a look with what another device has. compressed: its answer is compressed unless that was
 * declined. hang-up: it answers, and closes that connection without a word when it is asked the next question there.
 */
export type Misbehaviour =
  | 'timeout-after-commit'
  | 'cut-after-commit'
  | 'slow'
  | 'endless'
  | 'garbage'
  | 'throttle'
  | 'server-error'
  | 'bad-credentials'
  | 'stale-read'
  | 'other-protocol'
  | 'no-route'
  | 'no-method'
  | 'sign-in'
  | 'stub'
  | 'mixed-up'
  | 'compressed'
  | 'hang-up';

/** One device registry with the far side that it speaks to, for one test. */
export interface RegistryRig {
  /** Its deadline for an answer is 500 ms at most. */
  readonly registry: DeviceRegistry;
  /** SHA-256 of the certificates that the far side has in use, in any order, each as often as it has it. */
  readonly inUse: () => Promise<readonly string[]> | readonly string[];
  /** Whether a device with this certificate can work there now; where absent, it can if its certificate is in use. */
  readonly letsIn?: (device: Device) => boolean;
  readonly misbehave: (how: Misbehaviour, times?: number, after?: number) => void;
  /** Puts into the far side what Certline put there before, as somebody else's record of this device or as our own. */
  readonly plant: (device: Device, whose: 'ours' | 'others') => Promise<void> | void;
  /** What must never be in an error or in a check, in no form: what the far side was sent until now, and more. */
  readonly secrets: () => readonly string[];
  /** How many questions the first withdrawal of a call takes; where absent two, a look and a change. */
  readonly questionsOfWithdrawal?: number;
}

/** A device that the far side refuses to take, whoever asks; see `RegistryExceptions`. */
export interface DeviceMaker {
  /** With certificates that the far side believes: real ones, where it looks at them. */
  readonly device: (serial: string, attempt?: number) => Device;
  /** One that it refuses permanently. */
  readonly refusedDevice: () => Device;
}

/** Cases that mean nothing for a kind of device registry, each with the reason: they are skipped by that name. */
export type RegistryExceptions = Partial<Record<RegistryCase, string>>;
export type RegistryCase = 'conflict-ours' | 'conflict-others' | 'refused' | Misbehaviour;

/** A device whose certificate is text: for far sides that do not look into certificates. */
export function plainDevice(serial: string, attempt = 1): Device {
  const certificate = Buffer.from(`certificate of ${serial}, attempt ${attempt}`);
  return {
    serial,
    product: 'node',
    batchId: 'PO-1',
    boardId: createHash('sha256').update(serial).digest('hex').slice(0, 16),
    commonName: serial,
    organization: 'project-1',
    certificate,
    certificateSha256: createHash('sha256').update(certificate).digest('hex'),
    others: [],
  };
}

const SIGNAL = new AbortController().signal;

/** The same device registry, with all that it returns and throws in `said`. */
function overheard(registry: DeviceRegistry, said: unknown[]): DeviceRegistry {
  return new Proxy(registry, {
    get: (target, property): unknown => {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return async (...given: unknown[]): Promise<unknown> => {
        try {
          const result: unknown = await Reflect.apply(value, target, given);
          said.push(result);
          return result;
        } catch (error) {
          said.push(error);
          throw error;
        }
      };
    },
  });
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [secret, encodeURIComponent(secret), bytes.toString('base64'), bytes.toString('base64url')];
}

/** 'done', also where nothing was to be done, or the error, whether it is of the device or of the whole call. */
export async function outcomeOf(
  registry: DeviceRegistry,
  act: 'put' | 'withdraw',
  device: Device,
): Promise<'done' | DeviceRegistryError> {
  try {
    const answers = await registry[act]([device], SIGNAL);
    expect(answers).toHaveLength(1);
    const [answer] = answers;
    return answer instanceof DeviceRegistryError ? answer : 'done';
  } catch (error) {
    if (error instanceof DeviceRegistryError) return error;
    throw error;
  }
}

/** Every device registry passes this suite, whatever it is. */
export function describeDeviceRegistry(
  title: string,
  makeRig: () => Promise<RegistryRig>,
  { device, refusedDevice }: DeviceMaker,
  exceptions: RegistryExceptions = {},
): void {
  const test = (
    name: string,
    needs: RegistryCase | undefined,
    run: (rig: RegistryRig) => Promise<void>,
  ): void => {
    const reason = needs && exceptions[needs];
    const titled = reason === undefined ? name : `${name} (not here: ${reason})`;
    // oxlint-disable-next-line vitest/expect-expect, vitest/valid-title -- `run` has the assertions, `name` the title.
    it.skipIf(reason !== undefined)(titled, async () => {
      const rig = await makeRig();
      const said: unknown[] = [];
      try {
        await run({ ...rig, registry: overheard(rig.registry, said) });
      } finally {
        await rig.registry.close();
      }
      const text = inspect(said, {
        depth: 20,
        showHidden: true,
        maxStringLength: null,
        maxArrayLength: null,
      });
      for (const secret of rig.secrets().flatMap(formsOf)) expect(text).not.toContain(secret);
    });
  };

  /** What it says of a device, where it can say anything. */
  const expectPresence = async (
    { registry }: RegistryRig,
    which: Device,
    presence: Presence,
  ): Promise<void> => {
    const said = await registry.probe(which, SIGNAL);
    expect(said).toBe(registry.guarantees.canProbe ? presence : 'unknown');
  };

  const letsIn = async (rig: RegistryRig, which: Device): Promise<boolean> =>
    rig.letsIn?.(which) ?? (await rig.inUse()).includes(which.certificateSha256);

  describe(`${title} as a device registry`, () => {
    test('has what is put, and says so', undefined, async (rig) => {
      const [first, second] = [device('CL-1'), device('CL-2')];
      await expectPresence(rig, first, 'absent');
      expect(await outcomeOf(rig.registry, 'put', first)).toBe('done');
      expect(await rig.inUse()).toEqual([first.certificateSha256]);
      await expectPresence(rig, first, 'present');
      await expectPresence(rig, second, 'absent');
    });

    test('has once what is put again', undefined, async (rig) => {
      const one = device('CL-1');
      for (let times = 0; times < 3; times += 1)
        expect(await outcomeOf(rig.registry, 'put', one)).toBe('done');
      expect(await rig.inUse()).toEqual([one.certificateSha256]);
    });

    test('has once what is put several times at once', undefined, async (rig) => {
      const one = device('CL-1');
      const outcomes = await Promise.all(
        Array.from({ length: 4 }, () => outcomeOf(rig.registry, 'put', one)),
      );
      // Who loses such a race may have to ask again, and no more.
      for (const outcome of outcomes)
        expect(outcome === 'done' || outcome.reason === 'unavailable' || outcome.reason === 'throttled').toBe(
          true,
        );
      expect(await outcomeOf(rig.registry, 'put', one)).toBe('done');
      expect(await rig.inUse()).toEqual([one.certificateSha256]);
    });

    test('takes a full call, and answers for each device', undefined, async (rig) => {
      const { devicesPerCall } = rig.registry.pace;
      const count = Math.min(devicesPerCall, 25);
      const devices = Array.from({ length: count }, (_none, at) => device(`CL-${at + 1}`));
      expect(await rig.registry.put(devices, SIGNAL)).toEqual(devices.map(() => 'done'));
      const hashes = devices.map(({ certificateSha256 }) => certificateSha256);
      expect((await rig.inUse()).toSorted()).toEqual(hashes.toSorted());
      expect(await rig.registry.withdraw(devices, SIGNAL)).toEqual(devices.map(() => 'done'));
      expect(await rig.inUse()).toEqual([]);
    });

    test('keeps what is done where it fails in the middle of a call', 'server-error', async (rig) => {
      const { devicesPerCall } = rig.registry.pace;
      const devices = [1, 2, 3].slice(0, devicesPerCall).map((at) => device(`CL-${at}`));
      await rig.registry.put(devices, SIGNAL);
      // After those for the first one.
      rig.misbehave('server-error', 1, rig.questionsOfWithdrawal ?? 2);
      const answers = await rig.registry.withdraw(devices, SIGNAL);
      const fault = expect.objectContaining({ reason: 'unavailable' });
      if (devicesPerCall > 1) expect(answers).toEqual(['done', fault, fault]);
      const still = devices.filter((_each, at) => answers[at] !== 'done');
      expect((await rig.inUse()).length).toBeLessThanOrEqual(still.length);
      for (const answer of await rig.registry.withdraw(devices, SIGNAL))
        expect(answer).not.toBeInstanceOf(DeviceRegistryError);
      expect(await rig.inUse()).toEqual([]);
    });

    test('refuses one device and takes the others', 'refused', async (rig) => {
      const bad = refusedDevice();
      const outcome = await outcomeOf(rig.registry, 'put', bad);
      expect(outcome).toMatchObject({ reason: 'refused' });
      if (rig.registry.pace.devicesPerCall > 1) {
        const good = [device('CL-1'), device('CL-2')] as const;
        const answers = await rig.registry.put([good[0], bad, good[1]], SIGNAL);
        expect(answers).toEqual(['done', expect.objectContaining({ reason: 'refused' }), 'done']);
        const hashes = good.map(({ certificateSha256 }) => certificateSha256);
        expect((await rig.inUse()).toSorted()).toEqual(hashes.toSorted());
      } else expect(await rig.inUse()).toEqual([]);
    });

    for (const how of ['timeout-after-commit', 'cut-after-commit', 'slow'] as const)
      test(`does not know after ${how}, and has it once after the repetition`, how, async (rig) => {
        const one = device('CL-1');
        rig.misbehave(how);
        expect(await outcomeOf(rig.registry, 'put', one)).toMatchObject({
          reason: 'unavailable',
          isUnknown: true,
        });
        const presence = await rig.registry.probe(one, SIGNAL);
        expect(['present', 'absent', 'unknown']).toContain(presence);
        expect(await outcomeOf(rig.registry, 'put', one)).toBe('done');
        expect(await rig.inUse()).toEqual([one.certificateSha256]);
        rig.misbehave(how);
        expect(await outcomeOf(rig.registry, 'withdraw', one)).toMatchObject({ isUnknown: true });
        expect(await outcomeOf(rig.registry, 'withdraw', one)).toBe('done');
        expect(await rig.inUse()).toEqual([]);
      });

    test('takes its own record for what it is', 'conflict-ours', async (rig) => {
      const one = device('CL-1');
      await rig.plant(one, 'ours');
      expect(await outcomeOf(rig.registry, 'put', one)).toBe('done');
      expect(await rig.inUse()).toEqual([one.certificateSha256]);
    });

    test("changes nothing of another's record in its place", 'conflict-others', async (rig) => {
      const one = device('CL-1');
      await rig.plant(one, 'others');
      const before = await rig.inUse();
      await expectPresence(rig, one, 'other');
      expect(await outcomeOf(rig.registry, 'put', one)).toMatchObject({ reason: 'conflict' });
      expect(await rig.inUse()).toEqual(before);
      // What is not ours is not withdrawn either.
      await outcomeOf(rig.registry, 'withdraw', one);
      expect(await rig.inUse()).toEqual(before);
    });

    for (const [when, order] of [
      ['before', ['withdraw', 'put']],
      ['after', ['put', 'withdraw']],
    ] as const)
      test(
        `has the new certificate of a unit whose old one is withdrawn ${when} it is put`,
        undefined,
        async (rig) => {
          const [old, fresh] = [device('CL-1', 1), device('CL-1', 2)];
          expect(await outcomeOf(rig.registry, 'put', old)).toBe('done');
          const next = { ...fresh, others: [old.certificateSha256] };
          const former = { ...old, others: [fresh.certificateSha256], inUse: fresh.certificateSha256 };
          for (const act of order)
            expect(await outcomeOf(rig.registry, act, act === 'put' ? next : former)).toBe('done');
          expect(await rig.inUse()).toEqual([fresh.certificateSha256]);
          await expectPresence(rig, next, 'present');
        },
      );

    test(
      'keeps the unit whose certificate is withdrawn while it gets another one',
      undefined,
      async (rig) => {
        const [old, fresh] = [device('CL-1', 1), device('CL-1', 2)];
        const next = { ...fresh, others: [old.certificateSha256] };
        expect(await outcomeOf(rig.registry, 'put', old)).toBe('done');
        expect(await outcomeOf(rig.registry, 'withdraw', { ...old, continues: true })).toBe('done');
        if (rig.registry.guarantees.signedIsLive) expect(await letsIn(rig, next)).toBe(true);
        expect(await outcomeOf(rig.registry, 'put', next)).toBe('done');
        expect(await rig.inUse()).toEqual([fresh.certificateSha256]);
      },
    );

    test(
      'lets in what is signed for a unit that runs again, if at all, until it ends',
      undefined,
      async (rig) => {
        const [old, fresh] = [device('CL-1', 1), device('CL-1', 2)];
        for (const [continues, isLetIn] of [
          [undefined, false],
          [true, rig.registry.guarantees.signedIsLive],
          [undefined, false],
        ] as const) {
          const ended = continues ? { ...old, continues } : old;
          expect(await outcomeOf(rig.registry, 'withdraw', ended)).toBe('done');
          expect(await letsIn(rig, fresh)).toBe(isLetIn);
        }
      },
    );

    test('says that it is throttled in its own words, and did nothing', 'throttle', async (rig) => {
      const one = device('CL-1');
      rig.misbehave('throttle');
      const outcome = await outcomeOf(rig.registry, 'put', one);
      expect(outcome).toMatchObject({ reason: 'throttled', isUnknown: false, waitMs: expect.any(Number) });
      expect(await rig.inUse()).toEqual([]);
      expect(await outcomeOf(rig.registry, 'put', one)).toBe('done');
    });

    for (const how of ['server-error', 'garbage', 'endless', 'other-protocol'] as const)
      test(`is unavailable after ${how}, and takes it later`, how, async (rig) => {
        const one = device('CL-1');
        rig.misbehave(how);
        expect(await outcomeOf(rig.registry, 'put', one)).toMatchObject({
          reason: 'unavailable',
          isUnknown: true,
        });
        expect(await outcomeOf(rig.registry, 'put', one)).toBe('done');
        expect(await rig.inUse()).toEqual([one.certificateSha256]);
      });

    for (const how of ['compressed', 'hang-up'] as const)
      test(`puts and withdraws although the answers are those of ${how}`, how, async (rig) => {
        const one = device('CL-1');
        rig.misbehave(how, 100);
        expect(await outcomeOf(rig.registry, 'put', one)).toBe('done');
        expect(await rig.inUse()).toEqual([one.certificateSha256]);
        expect(await outcomeOf(rig.registry, 'withdraw', one)).toBe('done');
        expect(await rig.inUse()).toEqual([]);
      });

    for (const how of ['garbage', 'stub', 'mixed-up'] as const)
      for (const after of [0, 1, 2, 3, 4, 5])
        test(
          `believes only what the cloud says of this device: ${how}, ${after} questions later`,
          how,
          async (rig) => {
            const [one, other, ended] = [device('CL-1'), device('CL-2'), device('CL-3')];
            for (const [act, which] of [
              ['put', other],
              ['put', ended],
              ['withdraw', ended],
            ] as const)
              expect(await outcomeOf(rig.registry, act, which)).toBe('done');
            const others = await rig.inUse();
            /** Acts while it is lied to, and then until it is done. */
            const brings = async (act: 'put' | 'withdraw', isLetIn: boolean): Promise<void> => {
              rig.misbehave(how, 1, after);
              const [answer] = await rig.registry[act]([one], SIGNAL).catch((error: unknown) => [error]);
              if (answer === 'done') expect(await letsIn(rig, one)).toBe(isLetIn);
              // Nothing is parked for it.
              if (answer instanceof DeviceRegistryError) expect(isOfDevice(answer.reason)).toBe(false);
              // What is due is used up.
              for (let times = 0; times < 6; times += 1)
                await rig.registry.probe(other, SIGNAL).catch(() => 0);
              for (let times = 0; times < 3; times += 1) await outcomeOf(rig.registry, act, one);
              expect(await outcomeOf(rig.registry, act, one)).toBe('done');
            };
            await brings('put', true);
            expect((await rig.inUse()).toSorted()).toEqual([...others, one.certificateSha256].toSorted());
            await brings('withdraw', false);
            expect(await rig.inUse()).toEqual(others);
          },
        );

    for (const how of ['no-route', 'no-method', 'sign-in'] as const)
      test(`waits for a person after ${how}, which says nothing about a device`, how, async (rig) => {
        const one = device('CL-1');
        const waits = { reason: 'credentials', message: expect.stringContaining('correct its address') };
        rig.misbehave(how);
        expect(await outcomeOf(rig.registry, 'put', one)).toMatchObject(waits);
        expect(await outcomeOf(rig.registry, 'put', one)).toBe('done');
        expect(await rig.inUse()).toEqual([one.certificateSha256]);
        rig.misbehave(how);
        expect(await outcomeOf(rig.registry, 'withdraw', one)).toMatchObject(waits);
        expect(await outcomeOf(rig.registry, 'withdraw', one)).toBe('done');
        expect(await rig.inUse()).toEqual([]);
      });

    test('says that its credentials are bad, without them', 'bad-credentials', async (rig) => {
      rig.misbehave('bad-credentials');
      const outcome = await outcomeOf(rig.registry, 'put', device('CL-1'));
      expect(outcome).toMatchObject({ reason: 'credentials' });
      expect(await rig.inUse()).toEqual([]);
    });

    test('takes what it does not see yet for no conflict', 'stale-read', async (rig) => {
      const one = device('CL-1');
      expect(await outcomeOf(rig.registry, 'put', one)).toBe('done');
      rig.misbehave('stale-read', 5);
      const ends = async (): Promise<string> => {
        const outcome = await outcomeOf(rig.registry, 'put', one);
        return outcome === 'done' ? outcome : outcome.reason;
      };
      const outcomes = [await ends(), await ends(), await ends(), await ends(), await ends(), await ends()];
      for (const outcome of outcomes) expect(['done', 'unavailable']).toContain(outcome);
      expect(outcomes.at(-1)).toBe('done');
      expect(await rig.inUse()).toEqual([one.certificateSha256]);
    });

    test('does not take for ended what it does not see yet', 'stale-read', async (rig) => {
      const one = device('CL-1');
      expect(await outcomeOf(rig.registry, 'put', one)).toBe('done');
      rig.misbehave('stale-read', 3);
      const [answer] = await rig.registry.withdraw([one], SIGNAL);
      if (answer === 'done') expect(await letsIn(rig, one)).toBe(false);
      for (let times = 0; times < 4; times += 1) await outcomeOf(rig.registry, 'withdraw', one);
      expect(await letsIn(rig, one)).toBe(false);
    });

    test(
      'is sure that it has what was never withdrawn, and that it ended what it had',
      undefined,
      async (rig) => {
        const one = device('CL-1');
        for (const act of ['put', 'put', 'withdraw'] as const)
          expect(await rig.registry[act]([one], SIGNAL)).toEqual(['done']);
      },
    );

    test('does not take for good again what it does not see refused yet', 'stale-read', async (rig) => {
      const [old, fresh] = [device('CL-1', 1), device('CL-1', 2)];
      const next = { ...fresh, others: [old.certificateSha256] };
      expect(await outcomeOf(rig.registry, 'put', old)).toBe('done');
      expect(await outcomeOf(rig.registry, 'withdraw', old)).toBe('done');
      rig.misbehave('stale-read', 3);
      const [answer] = await rig.registry.put([next], SIGNAL);
      if (answer === 'done') expect(await letsIn(rig, next)).toBe(true);
      for (let times = 0; times < 4; times += 1) await outcomeOf(rig.registry, 'put', next);
      expect(await letsIn(rig, next)).toBe(true);
    });

    test('withdraws, and withdraws again', undefined, async (rig) => {
      const [one, never] = [device('CL-1'), device('CL-2')];
      await outcomeOf(rig.registry, 'put', one);
      for (let times = 0; times < 2; times += 1)
        expect(await outcomeOf(rig.registry, 'withdraw', one)).toBe('done');
      expect(await rig.inUse()).toEqual([]);
      await expectPresence(rig, one, 'absent');
      expect(await outcomeOf(rig.registry, 'withdraw', never)).toBe('done');
      expect(await rig.inUse()).toEqual([]);
    });

    test('does not let in what is withdrawn before it was ever put', undefined, async (rig) => {
      const never = device('CL-1');
      expect(await outcomeOf(rig.registry, 'withdraw', never)).toBe('done');
      expect(await letsIn(rig, never)).toBe(false);
    });

    for (const after of [0, 1, 2])
      test(
        `does not let in what is withdrawn before it was ever put, although that died, ${after} questions later`,
        'cut-after-commit',
        async (rig) => {
          const never = device('CL-1');
          rig.misbehave('cut-after-commit', 1, after);
          await outcomeOf(rig.registry, 'withdraw', never);
          await expect
            .poll(() => outcomeOf(rig.registry, 'withdraw', never), { interval: 0, timeout: 5_000 })
            .toBe('done');
          expect(await letsIn(rig, never)).toBe(false);
        },
      );

    for (const after of [0, 1, 2, 3, 4, 5])
      test(
        `does not let in what is withdrawn after its put died, ${after} questions later`,
        'cut-after-commit',
        async (rig) => {
          const one = device('CL-1');
          rig.misbehave('cut-after-commit', 1, after);
          await outcomeOf(rig.registry, 'put', one);
          await expect
            .poll(() => outcomeOf(rig.registry, 'withdraw', one), { interval: 0, timeout: 5_000 })
            .toBe('done');
          expect(await letsIn(rig, one)).toBe(false);
        },
      );

    for (const after of [0, 1, 2])
      test(
        `does not let in what is withdrawn again after that died, ${after} questions later`,
        'cut-after-commit',
        async (rig) => {
          const one = device('CL-1');
          expect(await outcomeOf(rig.registry, 'put', one)).toBe('done');
          rig.misbehave('cut-after-commit', 1, after);
          await outcomeOf(rig.registry, 'withdraw', one);
          await expect
            .poll(() => outcomeOf(rig.registry, 'withdraw', one), { interval: 0, timeout: 5_000 })
            .toBe('done');
          expect(await letsIn(rig, one)).toBe(false);
          expect(await rig.inUse()).toEqual([]);
        },
      );

    test('stops when it is asked to', 'timeout-after-commit', async (rig) => {
      rig.misbehave('timeout-after-commit');
      const stop = new AbortController();
      const call = rig.registry.put([device('CL-1')], stop.signal);
      stop.abort();
      // For the call as a whole, or as the answer for its device.
      const [outcome] = await call.catch((error: unknown) => [error]);
      expect(outcome).toBeInstanceOf(DeviceRegistryError);
    });

    test('is checked without any change', undefined, async (rig) => {
      await outcomeOf(rig.registry, 'put', device('CL-1'));
      const before = await rig.inUse();
      const checked = await rig.registry.check(SIGNAL);
      expect(checked.length).toBeGreaterThan(0);
      expect(checked.filter(({ fault }) => fault !== undefined)).toEqual([]);
      expect(await rig.inUse()).toEqual(before);
    });
  });
}

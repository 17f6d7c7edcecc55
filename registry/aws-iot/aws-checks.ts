import { createHash } from 'node:crypto';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  DescribeCACertificateCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  DescribeThingGroupCommand,
  DescribeThingTypeCommand,
  DetachThingPrincipalCommand,
  GetPolicyCommand,
  InvalidRequestException,
  ResourceNotFoundException,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import type { IoTClient } from '@aws-sdk/client-iot';
import { NOT_PROVEN, NOT_TRIED, checkedPermission } from '../checked-permission.ts';
import type { CheckedPermission } from '../device-registry.ts';
import type { AwsIotOptions } from './aws-iot-registry.ts';
import { unless } from './unless.ts';

/** Asks something of AWS; what fails is thrown as a DeviceRegistryError. `what` is what is asked, as in "describe things". */
export type AskAws = <T>(what: string, ask: (client: IoTClient) => Promise<T>) => Promise<T>;

type Try = readonly [what: string, ask: (client: IoTClient) => Promise<unknown>];

/** The id of a certificate, and the name of a thing, that does not exist. */
const NOTHING = createHash('sha256').update('no certificate').digest('hex');

/** What the adapter needs of AWS. A change is tried of what does not exist, so that nothing changes. */
export async function checkAws(
  options: AwsIotOptions,
  ask: AskAws,
  signal: AbortSignal,
): Promise<CheckedPermission[]> {
  const abort = { abortSignal: signal };
  const checked: CheckedPermission[] = [];
  let arns = '';
  for (const [what, attempt] of reads(options, abort))
    checked.push(
      await checkedPermission(what, async () => {
        arns = arnPrefixIn(await ask(what, attempt)) ?? arns;
      }),
    );
  for (const [what, attempt] of changes(options, arns, abort))
    checked.push(await checkedPermission(what, () => ask(what, attempt), NOT_PROVEN));
  const creates = 'create things and register certificates (iot:CreateThing, iot:RegisterCertificate…)';
  return [...checked, { permission: creates, note: NOT_TRIED }];
}

function reads(
  { policies, thingType, groups = [], registeredCa }: AwsIotOptions,
  abort: { readonly abortSignal: AbortSignal },
): Try[] {
  return [
    [
      'describe things',
      (client) => absentIsNoDenial(client.send(new DescribeThingCommand({ thingName: NOTHING }), abort)),
    ],
    [
      'describe certificates',
      (client) =>
        absentIsNoDenial(client.send(new DescribeCertificateCommand({ certificateId: NOTHING }), abort)),
    ],
    ...policies.map((policyName): Try => [
      `find the policy ${policyName}`,
      (client) => client.send(new GetPolicyCommand({ policyName }), abort),
    ]),
    ...(thingType === undefined ? [] : [thingType]).map((thingTypeName): Try => [
      `find the thing type ${thingTypeName}`,
      (client) => client.send(new DescribeThingTypeCommand({ thingTypeName }), abort),
    ]),
    ...groups.map((thingGroupName): Try => [
      `find the thing group ${thingGroupName}`,
      (client) => client.send(new DescribeThingGroupCommand({ thingGroupName }), abort),
    ]),
    ...(registeredCa === undefined ? [] : [registeredCa]).map((ca): Try => {
      const certificateId = createHash('sha256').update(ca).digest('hex');
      return [
        'find the registered CA',
        (client) => client.send(new DescribeCACertificateCommand({ certificateId }), abort),
      ];
    }),
  ];
}

/** `arns` is how the ARNs of the account begin; empty where no answer had one. Some changes need such a name then, and are left out. */
function changes(
  { policies }: AwsIotOptions,
  arns: string,
  abort: { readonly abortSignal: AbortSignal },
): Try[] {
  const revoke = new UpdateCertificateCommand({ certificateId: NOTHING, newStatus: 'INACTIVE' });
  const certificate = `${arns}:cert/${NOTHING}`;
  const attachment = { thingName: NOTHING, principal: certificate };
  const tries: Try[] = [
    ['revoke certificates (iot:UpdateCertificate)', (client) => absentIsNoDenial(client.send(revoke, abort))],
  ];
  if (arns === '') return tries;
  return [
    ...tries,
    ...policies.map((policyName): Try => [
      `attach the policy ${policyName} (iot:AttachPolicy)`,
      (client) =>
        absentIsNoDenial(client.send(new AttachPolicyCommand({ policyName, target: certificate }), abort)),
    ]),
    [
      'attach certificates to things (iot:AttachThingPrincipal)',
      (client) => absentIsNoDenial(client.send(new AttachThingPrincipalCommand(attachment), abort)),
    ],
    [
      'detach certificates from things (iot:DetachThingPrincipal)',
      (client) => absentIsNoDenial(client.send(new DetachThingPrincipalCommand(attachment), abort)),
    ],
  ];
}

/** AWS may say of what does not exist that it is not found, or that the request makes no sense: both are no denial. */
async function absentIsNoDenial<T>(answer: Promise<T>): Promise<T | undefined> {
  return await unless(ResourceNotFoundException, unless(InvalidRequestException, answer));
}

/** Such as "arn:aws:iot:eu-central-1:123456789012". */
function arnPrefixIn(answer: unknown): string | undefined {
  const texts = Object.values(answer ?? {}).filter((value) => typeof value === 'string');
  return texts.map((text) => /^arn:[^:]*:iot:[^:]*:\d+(?=:)/.exec(text)?.[0]).find(Boolean);
}

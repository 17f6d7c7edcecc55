import { createHash } from 'node:crypto';
import {
  AddThingToThingGroupCommand,
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
  ListThingPrincipalsCommand,
  ResourceNotFoundException,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import type { IoTClient } from '@aws-sdk/client-iot';
import { NOT_PROVEN, NOT_TRIED, askedPermission } from '../checked-permission.ts';
import { DeviceRegistryError } from '../device-registry-error.ts';
import type { CheckedPermission } from '../device-registry.ts';
import { notUnderstood } from '../http/http-fault.ts';
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
      await askedPermission(what, async () => {
        arns = arnPrefixIn(await ask(what, attempt)) ?? arns;
      }),
    );
  for (const [what, attempt] of changes(options, arns, abort))
    checked.push(await askedPermission(what, () => ask(what, attempt), NOT_PROVEN));
  const creates = 'create things and register certificates (iot:CreateThing, iot:RegisterCertificate…)';
  return [...checked, { permission: creates, note: NOT_TRIED }];
}

function reads(
  { name, policies, thingType, groups = [], registeredCa }: AwsIotOptions,
  abort: { readonly abortSignal: AbortSignal },
): Try[] {
  const own = <T>(answer: T | undefined, shown: (answer: T) => unknown): T | undefined => {
    // Something between us and AWS may answer 200 to everything.
    if (answer !== undefined && shown(answer) === undefined) throw notUnderstood(name);
    return answer;
  };
  return [
    [
      'describe things',
      async (client) =>
        own(
          await absentIsNoDenial(client.send(new DescribeThingCommand({ thingName: NOTHING }), abort)),
          ({ thingName }) => thingName,
        ),
    ],
    [
      'list the certificates of things (iot:ListThingPrincipals)',
      // A list of nothing may have no member at all.
      (client) =>
        absentIsNoDenial(client.send(new ListThingPrincipalsCommand({ thingName: NOTHING }), abort)),
    ],
    [
      'describe certificates',
      async (client) =>
        own(
          await absentIsNoDenial(
            client.send(new DescribeCertificateCommand({ certificateId: NOTHING }), abort),
          ),
          ({ certificateDescription }) => certificateDescription,
        ),
    ],
    ...policies.map((policyName): Try => [
      `find the policy ${policyName}`,
      async (client) =>
        own(await client.send(new GetPolicyCommand({ policyName }), abort), ({ policyArn }) => policyArn),
    ]),
    ...(thingType === undefined ? [] : [thingType]).map((thingTypeName): Try => [
      `find the thing type ${thingTypeName}`,
      async (client) => {
        const answer = await client.send(new DescribeThingTypeCommand({ thingTypeName }), abort);
        own(answer, (each) => each.thingTypeName);
        if (answer.thingTypeMetadata?.deprecated === true) throw deprecatedType(name, thingTypeName);
      },
    ]),
    ...groups.map((thingGroupName): Try => [
      `find the thing group ${thingGroupName}`,
      async (client) =>
        own(
          await client.send(new DescribeThingGroupCommand({ thingGroupName }), abort),
          (each) => each.thingGroupName,
        ),
    ]),
    ...(registeredCa === undefined ? [] : [registeredCa]).map((ca): Try => {
      const certificateId = createHash('sha256').update(ca).digest('hex');
      return [
        'find the registered CA',
        async (client) => {
          const answer = await client.send(new DescribeCACertificateCommand({ certificateId }), abort);
          own(answer, ({ certificateDescription }) => certificateDescription?.status);
          if (answer.certificateDescription?.status !== 'ACTIVE') throw inactiveCa(name, certificateId);
        },
      ];
    }),
  ];
}

/** `arns` is how the ARNs of the account begin; empty where no answer had one. Some changes need such a name then, and are left out. */
function changes(
  { policies, groups = [] }: AwsIotOptions,
  arns: string,
  abort: { readonly abortSignal: AbortSignal },
): Try[] {
  const revoke = new UpdateCertificateCommand({ certificateId: NOTHING, newStatus: 'INACTIVE' });
  const certificate = `${arns}:cert/${NOTHING}`;
  const attachment = { thingName: NOTHING, principal: certificate };
  const tries: Try[] = [
    ['revoke certificates (iot:UpdateCertificate)', (client) => absentIsNoDenial(client.send(revoke, abort))],
    ...groups.map((thingGroupName): Try => [
      `add things to the group ${thingGroupName} (iot:AddThingToThingGroup)`,
      (client) =>
        absentIsNoDenial(
          client.send(new AddThingToThingGroupCommand({ thingGroupName, thingName: NOTHING }), abort),
        ),
    ]),
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

function deprecatedType(name: string, thingType: string): DeviceRegistryError {
  const message = `The thing type ${thingType} of the registry ${name} is deprecated, so AWS creates no thing of it: end that there, or name another type in the configuration.`;
  return new DeviceRegistryError('credentials', message);
}

function inactiveCa(name: string, id: string): DeviceRegistryError {
  const message = `The CA ${id} of the registry ${name} is not active, so AWS registers no certificate with it: activate it there.`;
  return new DeviceRegistryError('credentials', message);
}

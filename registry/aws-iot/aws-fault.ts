import { printable } from '../../provisioning/printable.ts';
import { DeviceRegistryError } from '../device-registry-error.ts';
import type { DeviceRegistryReason } from '../device-registry-error.ts';

/** Quotas of AWS IoT are for a second. */
const THROTTLE_WAIT_MS = 1_000;
const SAID_CHARACTERS = 200;

/** What the names of AWS's errors mean here. LimitExceeded is a quota of the account, and no throttling: waiting changes nothing. */
const REASONS: Readonly<Record<string, DeviceRegistryReason>> = {
  ThrottlingException: 'throttled',
  TooManyRequestsException: 'throttled',
  LimitExceededException: 'refused',
  InvalidRequestException: 'refused',
  CertificateValidationException: 'refused',
  CertificateStateException: 'refused',
  RegistrationCodeValidationException: 'refused',
  CertificateConflictException: 'conflict',
  ResourceAlreadyExistsException: 'conflict',
  ResourceNotFoundException: 'credentials',
  UnauthorizedException: 'credentials',
  AccessDeniedException: 'credentials',
  UnrecognizedClientException: 'credentials',
  InvalidClientTokenId: 'credentials',
  InvalidSignatureException: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  MissingAuthenticationTokenException: 'credentials',
  ExpiredTokenException: 'credentials',
};

const ADVICE: Readonly<Record<DeviceRegistryReason, string>> = {
  unavailable: 'it is tried again',
  throttled: 'it is asked again later',
  credentials: 'correct the credentials, what they are allowed to do, or the names in the configuration',
  refused: 'correct what it refuses, or raise the quota, then retry the unit',
  conflict: 'find out which certificate is real',
};

/** Translates what the library of AWS throws. `what` is what was asked, as in "create a thing". */
export function awsFault(name: string, what: string, error: unknown): DeviceRegistryError {
  if (error instanceof DeviceRegistryError) return error;
  const { name: kind, message } = error as Error;
  const reason = REASONS[kind] ?? 'unavailable';
  const said = printable(message).slice(0, SAID_CHARACTERS);
  const sentence = `The registry ${name} answered ${kind}, "${said}", when asked to ${what}: ${ADVICE[reason]}.`;
  return new DeviceRegistryError(reason, sentence, {
    isUnknown: reason === 'unavailable',
    ...(reason === 'throttled' && { waitMs: THROTTLE_WAIT_MS }),
  });
}

import { printable } from '../../provisioning/printable.ts';
import { DeviceRegistryError } from '../device-registry-error.ts';
import type { DeviceRegistryReason } from '../device-registry-error.ts';
import { ADDRESS_ADVICE, isOfAddress } from '../http/http-fault.ts';

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
  const status = statusOf(error);
  // An answer without a name of AWS's errors is of something else, which may stand between us.
  const isElsewhere = REASONS[kind] === undefined && status !== undefined && isOfAddress(status, false);
  const reason = isElsewhere ? 'credentials' : (REASONS[kind] ?? 'unavailable');
  const said = printable(message).slice(0, SAID_CHARACTERS);
  const answered = isElsewhere ? String(status) : `${kind}, "${said}",`;
  const advice = isElsewhere ? ADDRESS_ADVICE : ADVICE[reason];
  const sentence = `The registry ${name} answered ${answered} when asked to ${what}: ${advice}.`;
  return new DeviceRegistryError(reason, sentence, {
    isUnknown: reason === 'unavailable',
    ...(reason === 'throttled' && { waitMs: THROTTLE_WAIT_MS }),
  });
}

/** Of the answer in which the library found the error. */
function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $response?: { readonly statusCode?: number };
  };
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

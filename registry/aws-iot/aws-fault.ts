import { IoTServiceException } from '@aws-sdk/client-iot';
import { DeviceRegistryError } from '../device-registry-error.ts';
import type { DeviceRegistryReason } from '../device-registry-error.ts';
import { clockFault } from '../clock-fault.ts';
import type { HttpAnswer } from '../http/http-client.ts';
import { httpFault, notUnderstood, retryAfterMs } from '../http/http-fault.ts';
import { quoted } from '../http/quoted.ts';

/** Quotas of AWS IoT are for a second. */
const THROTTLE_WAIT_MS = 1_000;

/**
 * What the names of AWS's errors mean here, where their status does not say it. Some have "Exception" at the end, or not. LimitExceeded
 * is a quota of the account, and no throttling: waiting changes nothing.
 */
const REASONS: Readonly<Record<string, DeviceRegistryReason>> = {
  Throttling: 'throttled',
  Throttled: 'throttled',
  RequestThrottled: 'throttled',
  TooManyRequests: 'throttled',
  LimitExceeded: 'refused',
  InvalidRequest: 'refused',
  CertificateValidation: 'refused',
  CertificateState: 'refused',
  RegistrationCodeValidation: 'refused',
  CertificateConflict: 'conflict',
  ResourceAlreadyExists: 'conflict',
  ConflictingResourceUpdate: 'unavailable',
  VersionConflict: 'unavailable',
  ResourceNotFound: 'credentials',
  Unauthorized: 'credentials',
  NotAuthorized: 'credentials',
  AccessDenied: 'credentials',
  Forbidden: 'credentials',
  OptInRequired: 'credentials',
  UnrecognizedClient: 'credentials',
  InvalidClientTokenId: 'credentials',
  InvalidSignature: 'credentials',
  IncompleteSignature: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  MissingAuthenticationToken: 'credentials',
  ExpiredToken: 'credentials',
  RequestExpired: 'credentials',
};

const ADVICE: Readonly<Record<DeviceRegistryReason, string>> = {
  unavailable: 'it is tried again',
  throttled: 'it is asked again later',
  credentials: 'correct the credentials, or what they are allowed to do',
  refused: 'correct what it refuses, or raise the quota, then retry the unit',
  conflict: 'find out which certificate is real',
};

const UNKNOWN_KEY = 'the credentials are unknown there or have expired, so write valid ones into their file';
const NOT_ALLOWED = 'allow this in the policies of the credentials, or use other credentials';
const WRONG_SIGNATURE =
  'correct the secret access key, or the region in the configuration, or set the clock of this host';

/** What to do about one kind of error, where its reason does not say it. */
const ADVICE_OF: Readonly<Record<string, string>> = {
  ResourceNotFound: 'create it there, or correct its name, or the region, in the configuration',
  Unauthorized: NOT_ALLOWED,
  NotAuthorized: NOT_ALLOWED,
  AccessDenied: NOT_ALLOWED,
  Forbidden: NOT_ALLOWED,
  UnrecognizedClient: UNKNOWN_KEY,
  InvalidClientTokenId: UNKNOWN_KEY,
  ExpiredToken: UNKNOWN_KEY,
  InvalidSignature: WRONG_SIGNATURE,
  IncompleteSignature: WRONG_SIGNATURE,
  SignatureDoesNotMatch: WRONG_SIGNATURE,
  RequestExpired: 'set the clock of this host',
};

/** Translates what the library of AWS throws. `what` is what was asked, as in "create a thing". */
export function awsFault(name: string, what: string, error: unknown): DeviceRegistryError {
  if (error instanceof DeviceRegistryError) return error;
  const { name: kind, message } = error as Error;
  const answer = answerIn(error);
  if (answer === undefined) return notAsked(name, what, `${kind}: ${message}`);
  if (answer.status < 300) return notUnderstood(name);
  const short = kind.replace(/Exception$/, '');
  const reason = REASONS[short];
  if (reason === undefined) return httpFault(name, what, answer, isNamed(error) ? `${kind}: ${message}` : '');
  const advice =
    (reason === 'credentials' ? clockFault(answer.headers) : undefined) ?? ADVICE_OF[short] ?? ADVICE[reason];
  const sentence = `The registry ${name} answered ${kind}, "${quoted(message, answer.secrets)}", when asked to ${what}: ${advice}.`;
  const waitMs = retryAfterMs(answer) ?? (reason === 'throttled' ? THROTTLE_WAIT_MS : undefined);
  return new DeviceRegistryError(reason, sentence, {
    isUnknown: reason === 'unavailable',
    ...(waitMs !== undefined && { waitMs }),
  });
}

/** The answer in which the library found the error; undefined where it asked nothing. */
function answerIn(error: unknown): HttpAnswer | undefined {
  const { $response } = error as { readonly $response?: { readonly answer?: HttpAnswer } };
  return $response?.answer;
}

/** Whether AWS itself named the error. Another server, which may be between us, does not. */
function isNamed(error: unknown): boolean {
  return (
    error instanceof IoTServiceException && /^[A-Z][A-Za-z]+$/.test(error.name) && error.name !== 'Unknown'
  );
}

function notAsked(name: string, what: string, says: string): DeviceRegistryError {
  const message = `The registry ${name} was not asked to ${what} ("${quoted(says, [])}"): it is tried again.`;
  return new DeviceRegistryError('unavailable', message, { isUnknown: true });
}

import { DefaultFailureConverter } from '@temporalio/common';

/**
 * The SDK loads this file by its path, in workflows too. It puts the message and the stack trace of each failure into a payload, which
 * the codec encrypts; the code of the failure stays readable, since Temporal decides about retries by it. Named as the SDK looks for it.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });

import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload, ProtoFailure } from '@temporalio/common';
import type { ActivateInput, WorkflowInterceptors, WorkflowInternalsInterceptor } from '@temporalio/workflow';

/** What a workflow reads where somebody sent what cannot be read. It is shorter than what a refusal quotes of a text. */
const UNREADABLE = defaultPayloadConverter.toPayload('undecodable payload');

/**
 * A signal or Update whose payload cannot be read brings a text that says so, which a workflow refuses as it refuses any
 * other malformed message. Otherwise one such signal, which anybody may send, would fail the workflow task, and its workflow
 * would try that task again without end. What is answered to a workflow is treated alike, unless it is encrypted: there it is right
 * to wait until it is readable, as when the orchestrator lacks a payload key. So are inputs.
 */
const readable: WorkflowInternalsInterceptor = {
  activate(input, next) {
    for (const payloads of messagesIn(input))
      for (const [at, payload] of payloads.entries()) if (!isReadable(payload)) payloads[at] = UNREADABLE;
    for (const payloads of answersIn(input))
      for (const [at, payload] of payloads.entries())
        if (!isReadable(payload) && !isEncrypted(payload)) payloads[at] = UNREADABLE;
    next(input);
  },
};

/** The arguments of each message, to be changed in place. */
function messagesIn({ activation }: ActivateInput): Payload[][] {
  return (activation.jobs ?? []).flatMap(({ signalWorkflow, doUpdate }) => {
    const payloads = (signalWorkflow ?? doUpdate)?.input;
    return payloads ? [payloads] : [];
  });
}

/** The results of activities and child workflows, and the words of their failures, in place; and what failures bring as details. */
function answersIn({ activation }: ActivateInput): Payload[][] {
  return (activation.jobs ?? []).flatMap(({ resolveActivity, resolveChildWorkflowExecution }) => {
    const { completed, failed, cancelled } = (resolveActivity ?? resolveChildWorkflowExecution)?.result ?? {};
    const result = completed?.result;
    if (result && !isReadable(result) && !isEncrypted(result)) completed.result = UNREADABLE;
    return [...detailsIn(failed?.failure), ...detailsIn(cancelled?.failure)];
  });
}

function detailsIn(failure: ProtoFailure | null | undefined): Payload[][] {
  if (!failure) return [];
  const { applicationFailureInfo, canceledFailureInfo, timeoutFailureInfo, encodedAttributes, cause } =
    failure;
  // Nothing is decided by them, so not even a missing key is worth waiting for.
  if (encodedAttributes && !isReadable(encodedAttributes)) failure.encodedAttributes = UNREADABLE;
  const lists = [
    applicationFailureInfo?.details?.payloads,
    canceledFailureInfo?.details?.payloads,
    timeoutFailureInfo?.lastHeartbeatDetails?.payloads,
  ];
  return [...lists.flatMap((list) => (list ? [list] : [])), ...detailsIn(cause)];
}

function isEncrypted({ metadata }: Payload): boolean {
  return String.fromCharCode(...(metadata?.['encoding'] ?? [])) === 'binary/encrypted';
}

function isReadable(payload: Payload): boolean {
  try {
    defaultPayloadConverter.fromPayload(payload);
    return true;
  } catch {
    return false;
  }
}

/** Named as the SDK looks for it. */
export const interceptors = (): WorkflowInterceptors => ({ internals: [readable] });

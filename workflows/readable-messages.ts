import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import type { ActivateInput, WorkflowInterceptors, WorkflowInternalsInterceptor } from '@temporalio/workflow';

/** What a workflow reads where somebody sent what cannot be read. It is shorter than what a refusal quotes of a text. */
const UNREADABLE = defaultPayloadConverter.toPayload('undecodable payload');

/**
 * A signal or Update whose payload cannot be read brings a text that says so, which a workflow refuses as it refuses any
 * other malformed message. Otherwise one such signal, which anybody may send, would fail the workflow task, and its workflow
 * would try that task again without end. Inputs and results are left alone: there it is right to wait until they are readable,
 * as when the orchestrator lacks a payload key.
 */
const readable: WorkflowInternalsInterceptor = {
  activate(input, next) {
    for (const payloads of messagesIn(input))
      for (const [at, payload] of payloads.entries()) if (!isReadable(payload)) payloads[at] = UNREADABLE;
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

import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { BatchProgress, ChunkReport, Pace } from '../provisioning/batch.ts';
import type { LineReport } from '../provisioning/line-trouble.ts';
import { MESSAGES } from '../provisioning/messages.ts';
import type {
  CancelInput,
  CloseInput,
  DecisionInput,
  PriorityInput,
  RerunFilter,
  RerunResult,
  RerunUnits,
  UnitAttention,
  WindowInput,
} from '../provisioning/messages.ts';
import type { ReworkState } from '../provisioning/rework.ts';
import type { UnitState } from '../provisioning/unit.ts';

/** Each constant is named after its message, except `retrySignal`: `retry` is an update and a signal. Queries: */
export const progress = defineQuery<BatchProgress>(MESSAGES.progress);
export const reworkState = defineQuery<ReworkState>(MESSAGES.reworkState);
export const state = defineQuery<UnitState>(MESSAGES.state);

/** Updates, sent by people: */
export const rerunFailed = defineUpdate<RerunResult, [RerunFilter?]>(MESSAGES.rerunFailed);
export const pause = defineUpdate<string, [DecisionInput?]>(MESSAGES.pause);
export const resume = defineUpdate<string, [DecisionInput?]>(MESSAGES.resume);
export const setWindow = defineUpdate<string, [WindowInput]>(MESSAGES.setWindow);
export const setPriority = defineUpdate<string, [PriorityInput]>(MESSAGES.setPriority);
export const close = defineUpdate<string, [CloseInput]>(MESSAGES.close);
export const retry = defineUpdate<string, [DecisionInput?]>(MESSAGES.retry);
export const skip = defineUpdate<string, [DecisionInput?]>(MESSAGES.skip);
export const scrap = defineUpdate<string, [DecisionInput?]>(MESSAGES.scrap);

/** Signal, sent before a cancellation: */
export const announceCancel = defineSignal<[CancelInput?]>(MESSAGES.announceCancel);

/** Signal, sent by roles of the line: */
export const lineReport = defineSignal<[LineReport]>(MESSAGES.lineReport);

/** Signals between workflows; people may send `retry` to a list of units at once: */
export const retrySignal = defineSignal<[DecisionInput?]>(MESSAGES.retry);
export const chunkReport = defineSignal<[ChunkReport]>(MESSAGES.chunkReport);
export const unitAttention = defineSignal<[UnitAttention]>(MESSAGES.unitAttention);
export const reportAgain = defineSignal(MESSAGES.reportAgain);
export const rerunUnits = defineSignal<[RerunUnits]>(MESSAGES.rerunUnits);
export const setPace = defineSignal<[Pace]>(MESSAGES.setPace);
export const closeUnits = defineSignal<[DecisionInput?]>(MESSAGES.closeUnits);

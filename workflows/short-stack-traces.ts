/*
 * The SDK takes a stack trace of every promise that a workflow makes, and looks each of its ten lines up in the source map: three
 * quarters of the time that a signal takes. A workflow has five seconds for all signals that came at once, and anybody can send
 * thousands. The first line says where an error was thrown; the rest serves a page of the Temporal UI that nobody on a line reads.
 */
Error.stackTraceLimit = 1;

export {};

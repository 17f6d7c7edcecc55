/**
 * Exit statuses, one for each thing that a script can act on. 130 is the shell's own for Ctrl-C
 * (128 + SIGINT). Documented in docs/operations.md, which a test compares with this table.
 */
export const EXIT_STATUS = {
  ok: { status: 0, means: 'done; every unit concerned passed' },
  notAllPassed: { status: 1, means: 'the batch has ended or waits, and not every unit passed' },
  usage: { status: 2, means: 'the command line is wrong' },
  manifestRefused: { status: 3, means: 'the manifest is refused; the rows are named' },
  configuration: { status: 4, means: 'the configuration is missing or wrong' },
  unknown: { status: 5, means: 'no such batch, unit or file' },
  refused: { status: 6, means: 'the request does not fit the state of the batch, unit or record' },
  lineRunning: { status: 7, means: 'a line already runs on this state folder' },
  lineNotRunning: { status: 8, means: 'no line runs that can answer' },
  profileBroken: { status: 9, means: 'a certificate breaks the profile; every rule is named' },
  orderRefused: { status: 10, means: 'the order was changed after it was signed, or does not allow this' },
  needsPerson: { status: 11, means: 'a part of the line needs a person; what to do is printed' },
  portMissing: { status: 20, means: 'a serial port does not exist' },
  portBusy: { status: 21, means: 'another program uses the serial port' },
  portDenied: { status: 22, means: 'no permission to open a serial port' },
  board: { status: 23, means: 'a board gives no answer or a wrong one' },
  caMissing: { status: 30, means: 'there is no CA, or its files do not belong together' },
  passphrase: { status: 31, means: 'the passphrase of the CA key is wrong or unreadable' },
  signer: { status: 32, means: 'the signer or its ledger does not work' },
  auditBroken: { status: 33, means: 'the audit log disagrees with itself or other records' },
  keysExposed: { status: 34, means: 'the process could give its keys away, so it holds none' },
  server: { status: 40, means: 'no Temporal server can be reached or started' },
  disk: {
    status: 50,
    means: 'a disk, folder, file or database cannot be read or written',
  },
  defect: { status: 70, means: 'an error that Certline does not know; please report it' },
  interrupted: { status: 130, means: 'interrupted; run again, it continues where it stopped' },
} as const;

export type ExitReason = keyof typeof EXIT_STATUS;

/**
 * How far the clocks of two hosts that keep time may differ: five minutes. It is what Kerberos allows by default (RFC
 * 4120 §1.6 and its implementations), far above the drift of hosts under NTP and far below a clock that was set wrong.
 */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

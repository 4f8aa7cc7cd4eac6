import type { Attachment } from './attachment.ts';

/** What a timed fault asks of the exchange it is attached to. */
export interface TimedExchange {
  now(): number;
  readonly startedAt: number;
  /** When the last bytes of the response left; `null` before its head was sent. */
  lastBytesAt(): number | null;
  /** A fault could not be opened. */
  failed(attachment: Attachment, error: unknown): void;
}

/** Starts the timer of a fault whose trigger is time: so long after the request, or after so long a silence. */
export function startFaultTimer(attachment: Attachment, exchange: TimedExchange): void {
  const { trigger } = attachment.fault;
  const open = (): void => {
    attachment.trigger().catch((error: unknown) => exchange.failed(attachment, error));
  };
  if (trigger.when === 'afterMs') {
    attachment.timer(Math.max(0, trigger.ms - (exchange.now() - exchange.startedAt)), open);
  }
  if (trigger.when !== 'whenIdle' || exchange.lastBytesAt() === null) return;
  const check = (): void => {
    const left = trigger.idleMs - (exchange.now() - (exchange.lastBytesAt() ?? exchange.startedAt));
    if (left <= 0) open();
    else attachment.timer(left, check);
  };
  attachment.timer(trigger.idleMs, check);
}

// The package ships no types; these are the members that the harness uses.
declare module 'launchdarkly-eventsource' {
  export class EventSource {
    constructor(url: string, options?: Readonly<Record<string, unknown>>);
    readonly readyState: number;
    onopen: ((event: never) => unknown) | null;
    onerror: ((event: never) => unknown) | null;
    addEventListener(
      type: string,
      listener: (event: { lastEventId: string; data: string; delayMillis?: number }) => void,
    ): void;
    close(): void;
  }
}

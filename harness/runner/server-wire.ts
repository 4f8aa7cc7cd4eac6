/** The faults that need to understand SSE, on the hop next to the server. */
export interface ServerWire {
  /**
   * Ends the connection with FIN in the middle of the `n`-th domain event that passes from now on: after its `id:`
   * line and part of its data, before the blank line.
   */
  cutInsideEvent(n: number): Promise<void>;
  /** Ends the next connection with FIN right after the first frame of its response. */
  cutAfterFirstFrame(): Promise<void>;
}

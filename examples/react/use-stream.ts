// examples/react/use-stream.ts
import { useEffect, useRef, useState } from 'react';
import { type AnyEvent, type ConnectOptions, connect, type EventMap } from 'sse-reliability-kit/client';

/**
 * Follows a stream while the component is mounted.
 * @param onEvent may be a new function at every render; the stream is not restarted for it.
 * @param options are taken when the stream starts, which is when `url` changes.
 * @returns the state of the connection, for the user to see.
 */
export function useStream<Events extends EventMap>(
  url: string,
  onEvent: (event: AnyEvent<Events>) => unknown,
  options: Omit<ConnectOptions<Events>, 'onEvent'> = {},
) {
  const [state, setState] = useState<string>('idle');
  const latest = useRef({ onEvent, options });
  useEffect(() => {
    latest.current = { onEvent, options };
  });
  useEffect(() => {
    let mounted = true;
    const { options } = latest.current;
    const stream = connect<Events>(url, {
      ...options,
      onEvent: (event) => latest.current.onEvent(event),
      onStateChange(fact) {
        if (mounted) setState(fact.to);
        options.onStateChange?.(fact);
      },
    });
    return () => {
      mounted = false;
      void stream.close('unmounted');
    };
  }, [url]);
  return state;
}

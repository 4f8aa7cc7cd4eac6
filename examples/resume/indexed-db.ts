// examples/resume/indexed-db.ts
import { connect, indexedDbCursorStore } from 'sse-reliability-kit/client';

export function showNews(url: string, show: (headline: string) => void) {
  return connect<{ headline: string }>(url, {
    name: 'news',
    store: indexedDbCursorStore(),
    onEvent: (event) => show(event.data),
  });
}

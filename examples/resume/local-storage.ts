// examples/resume/local-storage.ts
import { connect, localStorageCursorStore } from 'sse-reliability-kit/client';

export function showNews(url: string, show: (headline: string) => void) {
  return connect<{ headline: string }>(url, {
    name: 'news',
    store: localStorageCursorStore(),
    onEvent: (event) => show(event.data),
  });
}

import { afterEach, describe, expect, it, vi } from 'vitest';
import { browserLifecycle, type LifecycleSignal } from './lifecycle.ts';

afterEach(() => vi.unstubAllGlobals());

/** A page of two event targets in the place of the globals. */
function page() {
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('document', document);
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
  const signals: LifecycleSignal[] = [];
  const stop = browserLifecycle.subscribe((signal) => signals.push(signal));
  return { window, document, signals, stop };
}

describe('the lifecycle of a page', () => {
  it.each([
    ['online', 'online'],
    ['offline', 'offline'],
    ['pagehide', 'suspend'],
    ['pageshow', 'restore'],
  ])('hears %s of the window as %s', (name, signal) => {
    const { window, signals, stop } = page();
    window.dispatchEvent(new Event(name));
    expect(signals).toEqual([signal]);
    stop();
  });

  it('wakes when the page thaws or is seen again, not when it is hidden', () => {
    const { document, signals, stop } = page();
    document.dispatchEvent(new Event('resume'));
    document.visibilityState = 'hidden';
    document.dispatchEvent(new Event('visibilitychange'));
    expect(signals).toEqual(['wake']);
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    expect(signals).toEqual(['wake', 'wake']);
    stop();
  });

  it('hears nothing after it was stopped', () => {
    const { window, document, signals, stop } = page();
    stop();
    for (const name of ['online', 'offline', 'pagehide', 'pageshow']) window.dispatchEvent(new Event(name));
    document.dispatchEvent(new Event('resume'));
    document.dispatchEvent(new Event('visibilitychange'));
    expect(signals).toEqual([]);
  });

  it('is silent where there is neither page nor window', () => {
    vi.stubGlobal('addEventListener', undefined);
    vi.stubGlobal('document', undefined);
    expect(browserLifecycle.subscribe(() => undefined)).not.toThrow();
  });
});
